namespace EtfNet;

/// <summary>Mean, population deviation, least and greatest of numbers that come a row at a time.</summary>
internal sealed class PairSummary
{
    private double _squares;

    public long Count { get; private set; }

    public double Mean { get; private set; }

    public double Least { get; private set; } = double.PositiveInfinity;

    public double Greatest { get; private set; } = double.NegativeInfinity;

    /// <summary>The population standard deviation.</summary>
    public double Deviation => Math.Sqrt(_squares / Count);

    /// <summary>
    /// Adds numbers: each row by two passes, rows merged as Chan, Golub and LeVeque do, so that a small deviation keeps its digits.
    /// </summary>
    public void Add(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return;
        var (sum, squares) = (0.0, 0.0);
        foreach (var value in values)
        {
            sum += value;
            Least = Math.Min(Least, value);
            Greatest = Math.Max(Greatest, value);
        }

        var mean = sum / values.Length;
        foreach (var value in values)
            squares += (value - mean) * (value - mean);
        var (total, difference) = (Count + values.Length, mean - Mean);
        _squares += squares + difference * difference * ((double)Count * values.Length / total);
        Mean += difference * ((double)values.Length / total);
        Count = total;
    }
}
