using System.Globalization;
using System.Text;

namespace EtfNet.Samples;

/// <summary>A line for each finished run: what it was and how it ended.</summary>
internal static class RunsCsv
{
    private static readonly (string Heading, Func<FinishedRun, object?> Value)[] s_columns =
    [
        ("run", run => run.Run.Key),
        ("variant", run => $"\"{run.Run.Variant}\""),
        ("seed", run => run.Run.Seed),
        ("epochs", run => run.Record.Epochs.Count),
        ("trainAccuracy", run => run.Last.TrainAccuracy),
        ("testAccuracy", run => run.Last.TestAccuracy),
        ("layersFixed", run => run.LayersFixed),
        ("firstFix", run => run.FirstFix),
        ("lastFix", run => run.LastFix),
        ("effectiveDepth", run => run.Last.Layers.EffectiveDepth),
        ("trainableParameters", run => run.Last.Footprint.TrainableParameters),
        ("fixedParameters", run => run.Last.Footprint.FixedParameters),
        ("weightBytes", run => run.Last.Footprint.WeightBytes),
        ("gradientBytes", run => run.Last.Footprint.GradientBytes),
        ("optimizerBytes", run => run.Last.Footprint.OptimizerBytes),
        ("seconds", run => Math.Round(run.Seconds, 3)),
    ];

    public static byte[] Write(RunSet runs)
    {
        var csv = new StringBuilder().AppendJoin(',', s_columns.Select(column => column.Heading)).Append('\n');
        foreach (var run in runs.Finished)
            csv.AppendJoin(',', s_columns.Select(column => Convert.ToString(column.Value(run), CultureInfo.InvariantCulture))).Append('\n');
        return Encoding.UTF8.GetBytes(csv.ToString());
    }
}
