using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>Nothing changes during training; the layers' NCC errors are only measured. With no layers given, the baseline.</summary>
/// <param name="epsilon">The NCC error at or below which a layer counts as collapsed, for the effective depth.</param>
/// <param name="frame">The frame that the given layers are fixed with before training.</param>
/// <param name="layers">Names or patterns of the layers to fix before training.</param>
public sealed class MonitoredMethod(double epsilon, EtfFrame? frame = null, params string[] layers) : LayerMethod
{
    public override string ToString() => layers.Length == 0 ? "no layer is fixed" : $"fixed from the start: {string.Join(", ", layers)}";

    public override LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer)
    {
        var fixedLayers = Fix(model);
        return new Watch(new NccMonitor(model), fixedLayers, epsilon, createOptimizer());
    }

    private IReadOnlyList<FixedLayer> Fix(nn.Module<Tensor, Tensor> model)
    {
        if (layers.Length == 0)
            return [];
        try
        {
            return model.ApplyEtf(frame ?? EtfFrame.Identity, layers);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            throw new SampleException($"{string.Join(",", layers)} cannot be fixed: {Line(error)}", error);
        }
    }

    private sealed class Watch(NccMonitor monitor, IReadOnlyList<FixedLayer> fixedLayers, double epsilon, Optimizer optimizer) : LayerWatch(optimizer)
    {
        public override bool IsPartOfTraining => false;

        public override void Observe(Tensor labels) => monitor.Observe(labels);

        public override LayerStatus EndEpoch()
        {
            var report = monitor.EndEpoch();
            return new LayerStatus(
                [.. report.Layers.Select(layer => KeyValuePair.Create(layer.Name, layer.NccError))], fixedLayers, report.EffectiveDepth(epsilon), []);
        }

        protected override void Dispose(bool disposing)
        {
            monitor.Dispose();
            base.Dispose(disposing);
        }
    }
}
