using System.Globalization;
using EtfNet.Benchmarks.Growth;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;

namespace EtfNet.Benchmarks.Report;

/// <summary>The tables of a report, which the commands print as well.</summary>
internal static class Tables
{
    public static MarkdownTable Limits(MachineLimits limits)
    {
        var table = new MarkdownTable("limit", "size", "reached");
        foreach (var (bytes, perSecond) in limits.Copy.Points)
            table.Add("copy, read and written", Units.Bytes(bytes), $"{Units.Digits(perSecond / 1e9)} GB/s");
        return table
            .Add("matrix product, float32", "", $"{Units.Digits(limits.Gemm / 1e9)} Gflop/s")
            .Add("matrix product, float64", "", $"{Units.Digits(limits.GemmDouble / 1e9)} Gflop/s");
    }

    public static MarkdownTable Works(IEnumerable<WorkResult> results, MachineLimits limits)
    {
        var table = new MarkdownTable("subject", "shape", "work", "median", "of first", "must move", "operations", "of copy", "of GEMM", "live tensors", "peak resident");
        foreach (var r in results)
            table.Add(
                r.Subject, r.Shape, r.Method, Units.Milliseconds(r.MedianMs), Units.Factor(r.OfFirst), Units.Bytes(r.Cost.Bytes), Units.Operations(r.Cost.Operations),
                Units.Share(limits.OfCopy(r.Cost, r.MedianMs)), Units.Share(limits.OfGemm(r.Cost, r.MedianMs)), Units.Bytes(r.LiveTensorBytes), Units.Bytes(r.PeakResidentBytes));
        return table;
    }

    public static MarkdownTable Ratios(IEnumerable<RatioLine> ratios)
    {
        var table = new MarkdownTable("name", "batch", "width", "rank", "reference", "median", "reference's", "ratio", "95%");
        foreach (var r in ratios)
            table.Add(
                r.Name, r.Batch == 0 ? "" : Whole(r.Batch), Whole(r.Width), r.Rank is { } rank ? Whole(rank) : "", r.Reference, Value(r, r.MedianMs), Value(r, r.ReferenceMs),
                r.Ratio < 1e-3 ? Units.Digits(r.Ratio) : r.Ratio.ToString("0.0000", CultureInfo.InvariantCulture),
                r.Interval is [var low, var high] ? string.Create(CultureInfo.InvariantCulture, $"{low:0.0000} to {high:0.0000}") : "");
        return table;
    }

    public static MarkdownTable Growth(MeasuredGrowth growth)
    {
        var places = growth.Curves.SelectMany(curve => curve.Points).Select(point => point.X).Distinct().Order().ToArray();
        var table = new MarkdownTable([growth.Plot.Axis, .. places.Select(place => Whole((long)place)), "exponent", "upper half", "R2"]);
        foreach (var curve in growth.Curves)
            table.Add(
            [
                curve.Name,
                .. places.Select(place => curve.Points.Any(point => point.X == place) ? Units.Milliseconds(curve.Points.First(point => point.X == place).Y) : ""),
                Exponent(curve.Fit.Exponent), Exponent(curve.UpperFit.Exponent), curve.Fit.RSquared.ToString("0.000", CultureInfo.InvariantCulture),
            ]);
        return table;
    }

    private static string Value(RatioLine line, double value) => line.IsBytes ? Units.Bytes(value) : Units.Milliseconds(value);

    private static string Exponent(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);
}
