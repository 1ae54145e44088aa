using EtfNet.Samples;
using ScottPlot;

namespace EtfNet.Benchmarks.Growth;

/// <summary>Draws growth with logarithms on both axes: the slope of a line is its exponent.</summary>
internal static class GrowthPicture
{
    private const int PictureWidth = 800;
    private const int PictureHeight = 520;

    /// <summary>The picture as PNG.</summary>
    public static byte[] Png(MeasuredGrowth growth)
    {
        EmbeddedFont.Use();
        using var plot = new Plot();
        var colors = new ScottPlot.Palettes.ColorblindFriendly();
        foreach (var (index, curve) in growth.Curves.Index())
        {
            var line = plot.Add.ScatterLine(
                curve.Points.Select(point => Math.Log2(point.X)).ToArray(),
                curve.Points.Select(point => Math.Log10(point.Y)).ToArray(),
                colors.GetColor(index));
            line.LegendText = FormattableString.Invariant($"{curve.Name}: exponent {curve.UpperFit.Exponent:0.00}");
            line.LineWidth = 2;
            line.MarkerShape = MarkerShape.FilledCircle;
            line.MarkerSize = 7;
        }

        plot.Title($"Cost over {growth.Plot.Axis} ({growth.Plot.Fixed})");
        plot.XLabel(growth.Plot.Axis);
        plot.YLabel("median ms");
        plot.Axes.Bottom.TickGenerator = Ticks(growth.Curves.SelectMany(curve => curve.Points).Select(point => point.X), Math.Log2);
        plot.Axes.Left.TickGenerator = Ticks(Decades(growth.Curves.SelectMany(curve => curve.Points).Select(point => point.Y).ToArray()), Math.Log10);
        plot.ShowLegend(Edge.Right);
        return plot.GetImage(PictureWidth, PictureHeight).GetImageBytes(ImageFormat.Png);
    }

    private static IEnumerable<double> Decades(double[] values)
    {
        for (var power = Math.Floor(Math.Log10(values.Min())); power <= Math.Ceiling(Math.Log10(values.Max())); power++)
            yield return Math.Pow(10, power);
    }

    private static ScottPlot.TickGenerators.NumericManual Ticks(IEnumerable<double> values, Func<double, double> logarithm)
    {
        var ticks = new ScottPlot.TickGenerators.NumericManual();
        foreach (var value in values.Distinct())
            ticks.AddMajor(logarithm(value), FormattableString.Invariant($"{value:0.####}"));
        return ticks;
    }
}
