namespace EtfNet.Samples;

/// <summary>Columns that several experiments show.</summary>
internal static class Columns
{
    public static (string Heading, Func<FinishedRun, double?> Value, string Format) Train => ("train %", run => run.Last.TrainAccuracy, "0.00%");

    public static (string Heading, Func<FinishedRun, double?> Value, string Format) Test => ("test %", run => run.Last.TestAccuracy, "0.00%");

    public static (string Heading, Func<FinishedRun, double?> Value, string Format) Fixed => ("layers fixed", run => run.LayersFixed, "0.#");

    public static (string Heading, Func<FinishedRun, double?> Value, string Format) FirstFix => ("first switch", run => run.FirstFix, "0.#");

    public static (string Heading, Func<FinishedRun, double?> Value, string Format) LastFix => ("last switch", run => run.LastFix, "0.#");

    public static (string Heading, Func<FinishedRun, double?> Value, string Format) Trainable => ("trainable parameters", run => run.Last.Footprint.TrainableParameters, "#,0");

    public static (string Heading, Func<FinishedRun, double?> Value, string Format) Fewer => ("fewer trainable %", run => 1 - ((double)run.Last.Footprint.TrainableParameters
        / (run.Last.Footprint.TrainableParameters + run.Last.Footprint.FixedParameters)), "0.0%");

    public static (string Heading, Func<FinishedRun, double?> Value, string Format) Seconds => ("seconds of training", run => run.Seconds, "0.0");
}
