using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A model as calibration calls it, until disposed: what training computes, without its noise. Dropout is off; batch norms that are trained
/// normalize by the
/// batch's own statistics, those that the user keeps in evaluation mode by their running ones. Nothing of the model moves: modes, running
/// statistics and all
/// other buffers are as before once this is disposed.
/// </summary>
internal sealed class ReplayMode : IDisposable
{
    private readonly EvaluationMode _evaluation;
    private readonly IDisposable _alone = SynchronizationPause.Begin();
    private readonly List<BatchNorm> _batchNorms = [];
    private readonly List<double?> _momenta = [];

    /// <param name="model">The model.</param>
    /// <param name="frozen">The norms that the user keeps in evaluation mode; null: those that are so now.</param>
    public ReplayMode(nn.Module model, IReadOnlySet<nn.Module>? frozen = null)
    {
        var norms = ModuleTree.Walk(model).Select(node => node.Module).OfType<NormBase>()
            .Where(norm => frozen is null ? norm.training : !frozen.Contains(norm)).ToList();
        _evaluation = new EvaluationMode(model);
        foreach (var norm in norms)
        {
            norm.train();
            if (norm is not BatchNorm { track_running_stats: true } batchNorm)
                continue;
            _batchNorms.Add(batchNorm);
            _momenta.Add(batchNorm.momentum);
            // Without momentum the running statistics are the plain average over the batches since the last reset.
            batchNorm.momentum = null;
        }
    }

    /// <summary>Starts new averages of the batch statistics.</summary>
    public void ResetAverages()
    {
        foreach (var norm in _batchNorms)
            norm.reset_running_stats();
    }

    /// <summary>The averages of the batch statistics since the last reset, for every trained batch norm that was called; detached from all
    /// scopes.</summary>
    public BatchNormAverages Averages()
    {
        var called = _batchNorms.Where(norm =>
            norm.num_batches_tracked is { } count && count.cpu().to(ScalarType.Float64).item<double>() > 0);
        return new BatchNormAverages([.. called.Select(norm => (norm, Copy(norm.running_mean!), Copy(norm.running_var!)))]);

        static Tensor Copy(Tensor buffer) => buffer.detach().clone().DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var (norm, momentum) in _batchNorms.Zip(_momenta))
            norm.momentum = momentum;
        _evaluation.Dispose();
        _alone.Dispose();
    }
}
