using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Measures regression collapse in two passes: axes and covariance, then what lies outside of them.</summary>
internal sealed class RegressionMeasurement(Tensor? weight, bool centered)
{
    private const double Epsilon = 2.220446049250313e-16;

    private static readonly string[] s_projections = ["nrc1", "nrc2"];

    private readonly MissingMeasures _missing = new();
    private PrincipalAxes? _features;
    private PrincipalAxes? _targets;
    private long _nonFinite;

    public RegressionMetrics Measure(IEnumerable<(Tensor Features, Tensor Targets)> batches)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (features, targets) in batches)
        {
            using var inner = NewDisposeScope();
            var (x, y) = Finite(features, targets);
            _features ??= new PrincipalAxes((int)x.shape[1]);
            _targets ??= new PrincipalAxes((int)y.shape[1]);
            _features.Add(x);
            _targets.Add(y);
            _nonFinite += features.shape[0] - x.shape[0];
        }

        if (_features is null || _targets is null)
            throw new ArgumentException("There is no batch to measure (or the sequence can be enumerated only once).", nameof(batches));
        var bases = new[] { Axes(_features, _targets.Width), RowSpan() };
        var outside = Outside(batches, bases);
        var (structure, gamma) = Structure();
        return new RegressionMetrics
        {
            Nrc1 = outside[0],
            Nrc2 = outside[1],
            Nrc3 = structure,
            Gamma = gamma,
            Observed = _features.Count,
            NonFinite = _nonFinite,
            Missing = _missing,
        };
    }

    /// <summary>Checks a batch; gives its finite samples in float64 on the CPU.</summary>
    private (Tensor Features, Tensor Targets) Finite(Tensor features, Tensor targets)
    {
        FeatureInput.Check(features, nameof(features), _features?.Width);
        FeatureInput.CheckRows(targets, nameof(targets), features.shape[0]);
        var columns = targets.dim() == 1 ? targets.unsqueeze(1) : targets;
        FeatureInput.Check(columns, nameof(targets), _targets?.Width);
        FeatureInput.CheckClassifier(weight, null, features.shape[1]);
        FeatureInput.CheckOutputs(weight, columns.shape[1]);
        var (x, y) = (features.detach().cpu().to(float64), columns.detach().cpu().to(float64));
        var kept = x.isfinite().all(1).logical_and(y.isfinite().all(1)).nonzero().view(-1);
        return (x.index_select(0, kept), y.index_select(0, kept));
    }

    /// <summary>The leading axes, width x count.</summary>
    private Tensor? Axes(PrincipalAxes axes, int count)
    {
        var reason = axes.Count == 0 ? "there is no finite sample"
            : count > axes.Width ? $"{count} targets span more than {axes.Width} features do"
            : null;
        var (_, singular, directions) = linalg.svd(axes.Root(), fullMatrices: false);
        var size = Math.Sqrt(axes.Count * RowKernels.SquaredNorm(axes.Mean()));
        if (reason is null && singular[0].item<double>() <= Epsilon * size)
            reason = "all features are the same";
        if (reason is null)
            return directions.narrow(0, 0, Math.Min(count, directions.shape[0])).t();
        _missing.Add(reason, "nrc1");
        return null;
    }

    /// <summary>An orthonormal basis of the weight's rows, width x rank.</summary>
    private Tensor? RowSpan()
    {
        if (weight is null)
        {
            _missing.Add("no weight was given", "nrc2", "nrc3");
            return null;
        }

        var (_, singular, directions) = linalg.svd(weight.detach().cpu().to(float64), fullMatrices: false);
        var rank = (singular > singular.max() * (Math.Max(weight.shape[0], weight.shape[1]) * Epsilon)).sum().item<long>();
        if (rank > 0)
            return directions.narrow(0, 0, rank).t();
        _missing.Add("the weight is zero", "nrc2");
        return null;
    }

    /// <summary>The mean squared part of the unit features outside of each basis.</summary>
    private double?[] Outside(IEnumerable<(Tensor Features, Tensor Targets)> batches, Tensor?[] bases)
    {
        var (sums, count) = (new double[bases.Length], 0L);
        var center = tensor(_features!.Mean());
        foreach (var (features, targets) in batches)
        {
            using var inner = NewDisposeScope();
            var rows = Finite(features, targets).Features;
            rows = centered ? rows - center : rows;
            var norms = rows.norm(1, keepdim: true);
            var unit = rows / norms.masked_fill(norms.eq(0), 1);
            count += norms.ne(0).sum().item<long>();
            for (var i = 0; i < bases.Length; i++)
                if (bases[i] is { } basis)
                    sums[i] += (unit - unit.mm(basis).mm(basis.t())).square().sum().item<double>();
        }

        if (count == 0)
            _missing.Add("no sample has a direction", [.. s_projections.Where((_, i) => bases[i] is not null)]);
        return [.. bases.Select((basis, i) => basis is null || count == 0 ? (double?)null : sums[i] / count)];
    }

    /// <summary>NRC3: the structure of the weight against that of the targets' covariance, with the best g.</summary>
    private (double? Distance, double? Gamma) Structure()
    {
        if (weight is null)
            return default;
        if (_targets!.Width == 1)
        {
            _missing.Add("a single target has a 1 x 1 structure, which is always the same", "nrc3");
            return default;
        }

        var rows = weight.detach().cpu().to(float64);
        var gram = rows.mm(rows.t());
        var (_, singular, directions) = linalg.svd(_targets.Root(), fullMatrices: false);
        var deviations = singular / Math.Sqrt(Math.Max(1, _targets.Count));
        var root = directions.t().mm(diag(deviations)).mm(directions);
        var (gramNorm, rootNorm) = (gram.norm().item<double>(), root.norm().item<double>());
        if (gramNorm == 0 || rootNorm == 0)
        {
            _missing.Add(gramNorm == 0 ? "the weight is zero" : "all targets are the same", "nrc3");
            return default;
        }

        var least = singular.shape[0] < _targets.Width ? 0 : deviations.min().item<double>();
        return RegressionStructure.Best(Values(gram / gramNorm), Values(root), _targets.Width, least);
    }

    private static double[] Values(Tensor values) => MemoryMarshal.Cast<byte, double>(values.contiguous().bytes).ToArray();
}
