using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Averages of the batch statistics that the trained batch norms of a model saw in one pass over the kept inputs.</summary>
internal sealed class BatchNormAverages(IReadOnlyList<(BatchNorm Norm, Tensor Mean, Tensor Variance)> norms) : IDisposable
{
    /// <summary>Statistics that moved by less than this, in units of the channel's own spread, are the same except for rounding.</summary>
    private const double Tolerance = 1e-3;

    /// <summary>
    /// Sets the running statistics of the batch norms that see other inputs now than they did before a fix: those behind a fixed layer. The
    /// others keep theirs.
    /// </summary>
    /// <param name="before">The averages of a pass before the fix.</param>
    public void Apply(BatchNormAverages before)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (norm, mean, variance) in norms)
            if (!before.Find(norm, mean, variance) && mean.isfinite().all().item<bool>() && variance.isfinite().all().item<bool>())
            {
                norm.running_mean!.copy_(mean);
                norm.running_var!.copy_(variance);
            }
    }

    public void Dispose()
    {
        foreach (var (_, mean, variance) in norms)
        {
            mean.Dispose();
            variance.Dispose();
        }
    }

    /// <summary>Whether a norm had these averages here too.</summary>
    private bool Find(BatchNorm norm, Tensor mean, Tensor variance)
    {
        var index = 0;
        while (index < norms.Count && !ReferenceEquals(norms[index].Norm, norm))
            index++;
        if (index == norms.Count)
            return false;
        var spread = norms[index].Variance + norm.eps;
        var moved = ((norms[index].Mean - mean).abs() / spread.sqrt()).max().to(ScalarType.Float64).item<double>();
        var stretched = ((norms[index].Variance - variance).abs() / spread).max().to(ScalarType.Float64).item<double>();
        return moved <= Tolerance && stretched <= Tolerance;
    }
}
