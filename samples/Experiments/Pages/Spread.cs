using System.Globalization;

namespace EtfNet.Samples;

/// <summary>Numbers of several seeds: their mean, and the standard deviation of the sample.</summary>
/// <param name="Mean">Null where a number is missing.</param>
/// <param name="Deviation">Null where there are fewer than two.</param>
internal sealed record Spread(double? Mean, double? Deviation)
{
    public static Spread Of(IEnumerable<double?> values)
    {
        var numbers = values.ToList();
        if (numbers.Count == 0 || numbers.Contains(null))
            return new Spread(null, null);
        var mean = numbers.Average()!.Value;
        return new Spread(mean, numbers.Count < 2 ? null : Math.Sqrt(numbers.Sum(number => (number!.Value - mean) * (number.Value - mean)) / (numbers.Count - 1)));
    }

    /// <summary>Mean and spread, in a format such as <c>0.00</c>; a format that ends in % is for fractions.</summary>
    public string ToText(string format)
    {
        if (Mean is not { } mean)
            return "-";
        var (factor, unit) = format.EndsWith('%') ? (100, "") : (1, "");
        var plain = format.TrimEnd('%');
        var text = (factor * mean).ToString(plain, CultureInfo.InvariantCulture) + unit;
        return Deviation is { } deviation and > 0 ? $"{text} ± {(factor * deviation).ToString(plain, CultureInfo.InvariantCulture)}" : text;
    }
}
