using System.Globalization;
using EtfNet.Benchmarks.Kernels;
using EtfNet.Benchmarks.Measuring;

namespace EtfNet.Benchmarks.Report;

/// <summary>The five lines that say the most: a report begins with them, and the README takes them over as they are.</summary>
internal static class Excerpt
{
    private const long Width = 4096;

    /// <summary>A line for each figure that was measured.</summary>
    public static MarkdownTable Table(ReportData data)
    {
        var table = new MarkdownTable("work", "EtfNet", "reference", "factor");
        Layer(table, data, "identity", "identity layer");
        Layer(table, data, "aligned", "aligned layer of rank 20");
        if (data.Ratios.FirstOrDefault(line => line.Name == "trainingStepFixed") is { } step)
            table.Add("training step, eight of ten hidden layers fixed", Units.Milliseconds(step.MedianMs), $"{Units.Milliseconds(step.ReferenceMs)} (none fixed)", Faster(step.Ratio));
        Scoring(table, data);
        if (data.Ratios.FirstOrDefault(line => line.Name == "nccOverhead") is { } overhead)
            table.Add("watching a training step, ten layers", Units.Milliseconds(overhead.MedianMs), $"{Units.Milliseconds(overhead.ReferenceMs)} (not watched)",
                string.Create(CultureInfo.InvariantCulture, $"{100 * (overhead.Ratio - 1):+0.0;-0.0}% time"));
        return table;
    }

    private static void Layer(MarkdownTable table, ReportData data, string name, string what)
    {
        if (data.Ratios.FirstOrDefault(line => line.Name == name && line.Width == Width && line.Reference == "frozenDense") is { } line)
            table.Add($"{what}, forward and backward, width {line.Width}, batch {line.Batch}", Units.Milliseconds(line.MedianMs),
                $"{Units.Milliseconds(line.ReferenceMs)} (frozen dense layer)", Faster(line.Ratio));
    }

    private static void Scoring(MarkdownTable table, ReportData data)
    {
        var scoring = data.Works.SelectMany(section => section.Results)
            .Where(result => result.Subject == nameof(NccScoring) && result.Shape == KernelShape.Target.ToString())
            .ToArray();
        if (scoring.FirstOrDefault(result => result.Method == nameof(NccScoring.Library)) is { } ours
            && scoring.FirstOrDefault(result => result.Method == nameof(NccScoring.CdistArgmin)) is { } cdist)
        {
            table.Add("NCC scores of 60,000 samples, width 1024, 10 classes", Units.Milliseconds(ours.MedianMs), $"{Units.Milliseconds(cdist.MedianMs)} (cdist and argmin)",
                Faster(ours.MedianMs / cdist.MedianMs));
        }
    }

    private static string Faster(double ratio) => $"{Units.Digits(1 / ratio)}x faster";
}
