namespace EtfNet;

/// <summary>A curve of a chart.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Hue">Its color, in degrees.</param>
/// <param name="Points">Epochs and values; a curve is interrupted where there is no value.</param>
internal sealed record ChartSeries(string Name, double Hue, IReadOnlyList<(int Epoch, double? Value)> Points);
