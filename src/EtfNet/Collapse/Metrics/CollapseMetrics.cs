using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The metrics of neural collapse that class means and scatter give; absent classes take no part.</summary>
/// <remarks>
/// P is the number of present classes, m_c their means, C the means less the mean of means, V_c = scatter / count. Norms are Frobenius. Papyan, Han, Donoho 2020; CDNV:
/// Galanti, Gyorgy, Hutter 2022. With fewer than two present classes there is nothing to measure.
/// </remarks>
internal sealed record CollapseMetrics
{
    // Rows of the Gram matrix formed at a time: memory stays O(classes x width) however many classes there are.
    private const int Block = 512;

    /// <summary>Population standard deviation over mean of <c>|C_c|</c>.</summary>
    public double? Equinorm { get; private init; }

    /// <summary>Mean over pairs of <c>|cos(C_a, C_c) + 1/(P-1)|</c>.</summary>
    public double? Equiangularity { get; private init; }

    /// <summary><c>|G/|G| - (I - 11^T/P)/sqrt(P-1)|</c> with <c>G = C C^T</c>.</summary>
    public double? GramDeviation { get; private init; }

    /// <summary>Mean over unordered pairs of <c>(V_a + V_c) / (2 |m_a - m_c|^2)</c>.</summary>
    public double? Cdnv { get; private init; }

    /// <summary><c>tr(Sw) / tr(Sb)</c>: Sw over samples, Sb over present classes alike.</summary>
    public double? TraceQuotient { get; private init; }

    public static CollapseMetrics Create(ClassStatistics statistics, CollapseMetricSet metrics)
    {
        var (means, variability) = (metrics.HasFlag(CollapseMetricSet.Means), metrics.HasFlag(CollapseMetricSet.Variability) && statistics.TracksScatter);
        var classes = Present(statistics);
        if (classes.Length < 2 || !(means || variability))
            return new CollapseMetrics();

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var centered = CenteredMeans(statistics, classes);
        var norms = Values(centered.square().sum([1L]));
        var result = new CollapseMetrics();
        if (means)
            result = FromMeans(centered, norms);
        if (variability)
            result = result with { Cdnv = DistanceNormalizedVariance(statistics, classes, centered, norms), TraceQuotient = Quotient(statistics, classes, norms) };
        return result;
    }

    /// <summary><c>|W/|W| - C/|C||</c>, W and C with a row for each present class.</summary>
    /// <param name="statistics">Statistics of the features that the layer takes in.</param>
    /// <param name="weight">Classes x width, any floating type and device.</param>
    public static double? SelfDuality(ClassStatistics statistics, Tensor weight)
    {
        var classes = Present(statistics);
        if (classes.Length < 2 || classes[^1] >= weight.shape[0] || weight.shape[1] != statistics.Width)
            return null;

        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var rows = weight.detach().cpu().to(float64).index_select(0, tensor(classes.Select(c => (long)c).ToArray()));
        var means = CenteredMeans(statistics, classes);
        return (rows / rows.norm() - means / means.norm()).norm().item<double>();
    }

    /// <summary>The means of the present classes less the mean of means, P x width, float64.</summary>
    internal static Tensor CenteredMeans(ClassStatistics statistics, int[] classes)
    {
        var means = Means(statistics, classes);
        return means.sub_(means.mean([0L], keepdim: true));
    }

    /// <summary>The means of the present classes, P x width, float64.</summary>
    internal static Tensor Means(ClassStatistics statistics, int[] classes)
    {
        var means = empty(classes.Length, statistics.Width, dtype: float64);
        var target = MemoryMarshal.Cast<byte, double>(means.bytes);
        for (var i = 0; i < classes.Length; i++)
        {
            var row = target.Slice(i * statistics.Width, statistics.Width);
            row.Clear();
            RowKernels.AddScaled(statistics.Sum(classes[i]), 1.0 / statistics.Count(classes[i]), row);
        }

        return means;
    }

    internal static int[] Present(ClassStatistics statistics) =>
        [.. Enumerable.Range(0, statistics.ClassCount).Where(c => statistics.Count(c) > 0)];

    private static CollapseMetrics FromMeans(Tensor centered, double[] squaredNorms)
    {
        var count = squaredNorms.Length;
        var norms = squaredNorms.Select(Math.Sqrt).ToArray();
        var mean = norms.Average();
        var gramNorm = 0.0;
        var cosines = 0.0;
        EachGramRow(centered, (a, row) =>
        {
            for (var c = 0; c < row.Length; c++)
            {
                gramNorm += row[c] * row[c];
                if (c > a)
                    cosines += Math.Abs(row[c] / (norms[a] * norms[c]) + 1.0 / (count - 1));
            }
        });

        gramNorm = Math.Sqrt(gramNorm);
        var (diagonal, off) = ((1 - 1.0 / count) / Math.Sqrt(count - 1), -1.0 / count / Math.Sqrt(count - 1));
        var deviation = 0.0;
        EachGramRow(centered, (a, row) =>
        {
            for (var c = 0; c < row.Length; c++)
            {
                var difference = row[c] / gramNorm - (c == a ? diagonal : off);
                deviation += difference * difference;
            }
        });

        return new CollapseMetrics
        {
            Equinorm = Math.Sqrt(norms.Average(norm => (norm - mean) * (norm - mean))) / mean,
            Equiangularity = cosines / ((double)count * (count - 1) / 2),
            GramDeviation = Math.Sqrt(deviation),
        };
    }

    private static double DistanceNormalizedVariance(ClassStatistics statistics, int[] classes, Tensor centered, double[] squaredNorms)
    {
        var variances = classes.Select(c => statistics.Scatter(c) / statistics.Count(c)).ToArray();
        var total = 0.0;
        EachGramRow(centered, (a, row) =>
        {
            for (var c = a + 1; c < row.Length; c++)
                total += (variances[a] + variances[c]) / (2 * Math.Max(0, squaredNorms[a] + squaredNorms[c] - 2 * row[c]));
        });
        return total / ((double)classes.Length * (classes.Length - 1) / 2);
    }

    private static double Quotient(ClassStatistics statistics, int[] classes, double[] squaredNorms) =>
        classes.Sum(statistics.Scatter) / statistics.Total / squaredNorms.Average();

    private delegate void RowVisitor(int index, ReadOnlySpan<double> row);

    private static void EachGramRow(Tensor centered, RowVisitor visit)
    {
        var count = (int)centered.shape[0];
        for (var start = 0; start < count; start += Block)
        {
            using var scope = NewDisposeScope();
            var gram = centered.narrow(0, start, Math.Min(Block, count - start)).mm(centered.t()).contiguous();
            var values = MemoryMarshal.Cast<byte, double>(gram.bytes);
            for (var row = 0; row < gram.shape[0]; row++)
                visit(start + row, values.Slice(row * count, count));
        }
    }

    private static double[] Values(Tensor vector) => MemoryMarshal.Cast<byte, double>(vector.contiguous().bytes).ToArray();
}
