namespace EtfNet;

/// <summary>A mark on a curve of a chart.</summary>
/// <param name="epoch">Its horizontal position.</param>
/// <param name="value">Its vertical position.</param>
/// <param name="hue">The curve's color, in degrees.</param>
/// <param name="isFix">Whether a layer was fixed (a disk), or trained again (a cross).</param>
/// <param name="text">Its tooltip.</param>
internal sealed class ChartMark(int epoch, double value, double hue, bool isFix, string text)
{
    public int Epoch { get; } = epoch;

    public double Value { get; } = value;

    public double Hue { get; } = hue;

    public bool IsFix { get; } = isFix;

    public string Text { get; } = text;
}
