using System.Globalization;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>Numbers for tables: three digits and a unit.</summary>
internal static class Units
{
    private const string None = "-";

    public static string Milliseconds(double? value) => value is { } ms
        ? ms < 1 ? Text(ms * 1e3, "us") : ms < 1e3 ? Text(ms, "ms") : Text(ms / 1e3, "s")
        : None;

    public static string Bytes(double? value) => value switch
    {
        null or 0 => None,
        < 1 << 10 => Text(value.Value, "B"),
        < 1 << 20 => Text(value.Value / (1 << 10), "KiB"),
        < 1 << 30 => Text(value.Value / (1 << 20), "MiB"),
        _ => Text(value.Value / (1 << 30), "GiB"),
    };

    public static string Operations(double value) => value switch
    {
        0 => None,
        < 1e6 => Text(value / 1e3, "K"),
        < 1e9 => Text(value / 1e6, "M"),
        _ => Text(value / 1e9, "G"),
    };

    public static string Share(double? value) => value is { } share ? share.ToString("0.00", CultureInfo.InvariantCulture) : None;

    /// <summary>A factor such as 8.1x.</summary>
    public static string Factor(double? value) => value is { } factor ? Digits(factor) + "x" : None;

    /// <summary>Three significant digits, never in exponents.</summary>
    public static string Digits(double value) => Math.Abs(value) switch
    {
        >= 99.95 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 9.995 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 0.9995 => value.ToString("0.00", CultureInfo.InvariantCulture),
        >= 1e-9 => value.ToString($"F{2 - (int)Math.Floor(Math.Log10(Math.Abs(value)))}", CultureInfo.InvariantCulture),
        _ => "0",
    };

    private static string Text(double value, string unit) => $"{Digits(value)} {unit}";
}
