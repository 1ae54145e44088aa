using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>Nothing changes during training; the layers' NCC errors are only measured. With no layers given, the baseline.</summary>
/// <param name="epsilon">The NCC error at or below which a layer counts as collapsed, for the effective depth.</param>
/// <param name="monitor">Which layers are watched, and how; by default all.</param>
/// <param name="frame">The frame that the given layers are fixed with before training.</param>
/// <param name="layers">Names or patterns of the layers to fix before training.</param>
public sealed class MonitoredMethod(double epsilon, NccMonitorOptions? monitor = null, EtfFrame? frame = null, params string[] layers) : LayerMethod
{
    private const string MonitorSuffix = ".monitor";

    public override string ToString() => layers.Length == 0 ? "no layer is fixed during training" : $"fixed from the start: {string.Join(", ", layers)}";

    public override LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer)
    {
        Fix(model, frame, layers);
        return new Watch(model, new NccMonitor(model, monitor ?? new NccMonitorOptions()), epsilon, createOptimizer());
    }

    private sealed class Watch(nn.Module<Tensor, Tensor> model, NccMonitor monitor, double epsilon, Optimizer optimizer) : LayerWatch(optimizer)
    {
        private readonly IReadOnlyList<FixedLayer> _fixed = model.FixedLayers();

        public override bool IsPartOfTraining => false;

        public override void Observe(Tensor labels) => monitor.Observe(labels);

        public override LayerStatus EndEpoch()
        {
            var report = monitor.EndEpoch();
            return new LayerStatus(
                [.. report.Layers.Select(layer => KeyValuePair.Create(layer.Name, layer.NccError))], _fixed, report.EffectiveDepth(epsilon), []);
        }

        public override void Save(string path)
        {
            EtfCheckpoint.Save(path, model, Optimizer);
            monitor.Save(path + MonitorSuffix);
        }

        public override void Load(string path)
        {
            EtfCheckpoint.Load(path, model, Optimizer);
            monitor.Load(path + MonitorSuffix);
        }

        protected override void Dispose(bool disposing)
        {
            monitor.Dispose();
            base.Dispose(disposing);
        }
    }
}
