using System.Globalization;

namespace EtfNet;

/// <summary>The 95% confidence interval of a nearest-class-center error (Wilson 1927).</summary>
/// <param name="Low">The lower end, a fraction in [0, 1].</param>
/// <param name="High">The upper end, a fraction in [0, 1], not below <paramref name="Low"/>.</param>
public readonly record struct ErrorInterval(double Low, double High)
{
    /// <summary>Writes the interval with four digits.</summary>
    /// <returns>The ends, as in <c>0.1000-0.1500</c>.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Low:0.0000}-{High:0.0000}");
}
