namespace EtfNet;

/// <summary>A mark on a curve of a chart.</summary>
/// <param name="Epoch">Where it stands.</param>
/// <param name="Value">Where it stands.</param>
/// <param name="Hue">The curve's color, in degrees.</param>
/// <param name="IsFix">Whether a layer was fixed (a disk), or trained again (a cross).</param>
/// <param name="Text">What it says when it is pointed at.</param>
internal sealed record ChartMark(int Epoch, double Value, double Hue, bool IsFix, string Text);
