using static System.FormattableString;

namespace EtfNet;

/// <summary>Where epochs and values are in a chart.</summary>
internal sealed class ChartAxes
{
    public const double Width = 920, Height = 330, Left = 74, Right = Width - 16, Top = 14, Bottom = Height - 44;
    public const double Middle = (Left + Right) / 2;

    private const int Ticks = 5;

    private readonly int _first;
    private readonly int _last;
    private readonly double _low;
    private readonly double _high;
    private readonly double _step;

    /// <param name="first">The first epoch.</param>
    /// <param name="last">The last one.</param>
    /// <param name="least">The least value; 0 is shown in any case.</param>
    /// <param name="most">The greatest value.</param>
    /// <param name="isWhole">Whether the vertical axis has whole numbers only.</param>
    public ChartAxes(int first, int last, double least, double most, bool isWhole)
    {
        (_first, _last, _low) = (first, last, Math.Min(0, least));
        _step = Step(most - _low, isWhole);
        (_low, _high) = (Math.Floor(_low / _step) * _step, Math.Ceiling(most / _step) * _step);
        if (_high <= _low)
            _high = _low + _step;
    }

    /// <summary>How many epochs lie between the first and the last.</summary>
    public int Span => _last - _first;

    public double X(double epoch) => Span == 0 ? Middle : Left + 8 + (epoch - _first) / Span * (Right - Left - 16);

    public double Y(double value) => Bottom - (value - _low) / (_high - _low) * (Bottom - Top);

    /// <summary>The values to write at the vertical axis.</summary>
    public IEnumerable<double> Values()
    {
        for (var i = 0; _low + i * _step <= _high + _step / 2; i++)
            yield return _low + i * _step;
    }

    /// <summary>The epochs to write at the horizontal axis.</summary>
    public IEnumerable<int> Epochs()
    {
        var stride = (int)Math.Max(1, Step(Span, isWhole: true));
        for (var epoch = _first; epoch <= _last; epoch = epoch == _first && stride > 1 ? (_first / stride + 1) * stride : epoch + stride)
            yield return epoch;
    }

    /// <summary>A horizontal line.</summary>
    public string Line(string kind, double value) =>
        Invariant($"<line class=\"{kind}\" x1=\"{Left}\" x2=\"{Right}\" y1=\"{Y(value):0.0}\" y2=\"{Y(value):0.0}\"/>");

    /// <summary>A distance of 1, 2 or 5 times a power of ten that divides a range into a few parts.</summary>
    private static double Step(double range, bool isWhole)
    {
        if (range <= 0)
            return 1;
        var power = Math.Pow(10, Math.Floor(Math.Log10(range / Ticks)));
        var step = power * (range / Ticks / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        return isWhole ? Math.Max(1, step) : step;
    }
}
