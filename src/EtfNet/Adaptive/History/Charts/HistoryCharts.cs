using System.Globalization;
using static System.FormattableString;

namespace EtfNet;

/// <summary>The charts of a history.</summary>
internal static class HistoryCharts
{
    private const double Blue = 215, Orange = 25, Green = 145, Violet = 285;

    public static IEnumerable<HistoryChart> Of(EtfHistory history) =>
    [
        Errors(history),
        Line(history, "Layers", Whole, isStepped: true,
            ("fixed layers", Green, epoch => epoch.Report.FixedCount),
            ("effective depth (number of the first layer from which all errors are at or below epsilon)", Violet,
                epoch => epoch.Report.EffectiveDepth)),
        Line(history, "Trainable parameters", Short, isStepped: true,
            ("trainable parameters", Blue, epoch => epoch.Figures.Footprint?.TrainableParameters)),
        Line(history, "Bytes", Bytes, isStepped: true,
            ("weights", Blue, epoch => epoch.Figures.Footprint?.WeightBytes),
            ("gradients", Orange, epoch => epoch.Figures.Footprint?.GradientBytes),
            ("optimizer", Green, epoch => epoch.Figures.Footprint?.OptimizerBytes)),
        Line(history, "Loss", Digits, isStepped: false, ("loss", Orange, epoch => epoch.Figures.Loss)),
        Line(history, "Accuracy", Percent, isStepped: false, ("accuracy", Green, epoch => epoch.Figures.Accuracy)),
        Line(history, "Seconds per epoch", Digits, isStepped: false, ("seconds", Violet, epoch => epoch.Figures.Seconds)),
    ];

    private static HistoryChart Errors(EtfHistory history)
    {
        var chart = new HistoryChart("NCC error of each layer (disk: fixed, cross: reverted)", Digits)
        {
            Level = history.Epsilon is { } epsilon ? (epsilon, Invariant($"epsilon {epsilon}")) : null,
        };
        foreach (var (i, layer) in history.Layers.Index())
        {
            var (hue, name) = (HistoryPage.Hue(i, history.Layers.Count), Words.Layer(layer));
            chart.Series.Add(new ChartSeries(
                name, hue, [.. history.Epochs.Select(epoch => (epoch.Report.Epoch, EtfHistory.ErrorOf(epoch.Report, layer)))]));
            foreach (var (report, _) in history.Epochs)
            {
                if (EtfHistory.ErrorOf(report, layer) is not { } error)
                    continue;
                if (report.Reverted.Contains(layer))
                    chart.Marks.Add(
                        new ChartMark(report.Epoch, error, hue, isFix: false, Invariant($"{name}: reverted at epoch {report.Epoch}")));
                if (report.NewlyFixed.FirstOrDefault(one => one.Name == layer) is { } fix)
                    chart.Marks.Add(new ChartMark(
                        report.Epoch, error, hue, isFix: true, Invariant($"{name}: fixed at epoch {report.Epoch}, {fix.Frame}")));
            }
        }

        return chart;
    }

    private static HistoryChart Line(
        EtfHistory history, string title, Func<double, string> format, bool isStepped,
        params (string Name, double Hue, Func<EtfHistoryEpoch, double?> Value)[] lines)
    {
        var chart = new HistoryChart(title, format) { IsWhole = isStepped, IsStepped = isStepped };
        foreach (var (name, hue, value) in lines)
            if (history.Epochs.Any(epoch => value(epoch) is not null))
                chart.Series.Add(new ChartSeries(name, hue, [.. history.Epochs.Select(epoch => (epoch.Report.Epoch, value(epoch)))]));
        return chart;
    }

    private static string Digits(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    private static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Percent(double value) => (100 * value).ToString("0.##", CultureInfo.InvariantCulture) + "%";

    private static string Short(double value) => value switch
    {
        >= 1e9 => (value / 1e9).ToString("0.###", CultureInfo.InvariantCulture) + " G",
        >= 1e6 => (value / 1e6).ToString("0.###", CultureInfo.InvariantCulture) + " M",
        >= 1e3 => (value / 1e3).ToString("0.###", CultureInfo.InvariantCulture) + " k",
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };

    private static string Bytes(double value) => value < 1000 ? $"{Whole(value)} B" : Short(value) + "B";
}
