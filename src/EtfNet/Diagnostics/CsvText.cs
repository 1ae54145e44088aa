using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>Comma-separated values (RFC 4180).</summary>
internal sealed class CsvText
{
    private readonly StringBuilder _text = new();

    public void Line(IEnumerable<string> cells) => _text.AppendJoin(',', cells.Select(Quoted)).Append("\r\n");

    public static string Cell(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    public static string Cell(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    public static string Cell(bool value) => value ? "true" : "false";

    public override string ToString() => _text.ToString();

    private static string Quoted(string cell) => cell.AsSpan().ContainsAny(",\"\r\n")
        ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : cell;
}
