namespace EtfNet;

/// <summary>
/// The Frobenius distance of a K x K matrix A, scaled to norm 1, from a simplex ETF's Gram matrix of norm 1,
/// <c>T = (I - 11^T/K)/sqrt(K-1)</c>.
/// </summary>
/// <remarks>
/// With <c>A = g T + E</c> and E orthogonal to T, <c>|A/|A| - T|^2 = (|E|^2 + (g - |A|)^2) / |A|^2</c>, and for positive g
/// <c>g - |A| = -|E|^2 / (g + |A|)</c>: one pass over A, and near a simplex ETF no digit is lost.
/// </remarks>
/// <param name="trace">The trace of A.</param>
/// <param name="total">The sum of all entries of A.</param>
/// <param name="count">K, at least 2.</param>
internal sealed class EtfResidual(double trace, double total, int count)
{
    private readonly double _along = (trace - total / count) / Math.Sqrt(count - 1);
    private double _squares;

    /// <summary>The distance, in [0, 2]; null for a zero matrix.</summary>
    public double? Value
    {
        get
        {
            var norm = Math.Sqrt(_along * _along + _squares);
            if (norm == 0)
                return null;
            var short_ = _along > 0 ? -_squares / (_along + norm) : _along - norm;
            return Math.Sqrt(_squares + short_ * short_) / norm;
        }
    }

    /// <summary>Takes a row of A.</summary>
    public void Add(int row, ReadOnlySpan<double> values)
    {
        var scale = _along / Math.Sqrt(count - 1);
        var off = -scale / count;
        for (var c = 0; c < values.Length; c++)
        {
            var difference = values[c] - (c == row ? scale + off : off);
            _squares += difference * difference;
        }
    }
}
