namespace EtfNet;

/// <summary>A curve of a chart.</summary>
/// <param name="name">What the legend calls it.</param>
/// <param name="hue">Its color, in degrees.</param>
/// <param name="points">Epochs and values; a curve is interrupted where there is no value.</param>
internal sealed class ChartSeries(string name, double hue, IReadOnlyList<(int Epoch, double? Value)> points)
{
    public string Name { get; } = name;

    public double Hue { get; } = hue;

    public IReadOnlyList<(int Epoch, double? Value)> Points { get; } = points;
}
