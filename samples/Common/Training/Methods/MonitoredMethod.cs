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
    public override string ToString() => layers.Length == 0 ? "no layer is fixed during training" : $"fixed from the start: {string.Join(", ", layers)}";

    public override LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer)
    {
        Fix(model);
        return new Watch(new NccMonitor(model, monitor ?? new NccMonitorOptions()), FixedLayers(model), epsilon, createOptimizer());
    }

    private void Fix(nn.Module<Tensor, Tensor> model)
    {
        if (layers.Length == 0)
            return;
        try
        {
            model.ApplyEtf(frame ?? EtfFrame.Identity, layers);
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            throw new SampleException($"{string.Join(",", layers)} cannot be fixed: {Line(error)}", error);
        }
    }

    /// <summary>All layers that are fixed before training, whether by name or because the model was built so.</summary>
    private static List<FixedLayer> FixedLayers(nn.Module<Tensor, Tensor> model) =>
    [
        .. model.named_modules().Where(entry => entry.module is SimplexEtfLinear).Select(entry =>
        {
            var etf = ((SimplexEtfLinear)entry.module).Etf;
            return new FixedLayer
            {
                Layer = entry.name,
                Epoch = 0,
                NccError = null,
                Frame = etf.Kind.ToString().ToLowerInvariant() + (etf.IsColumnFrame ? " columns" : ""),
                Rank = null,
                OutputError = null,
                ParametersFixed = etf.Rows * etf.Columns,
                InPlaceReason = null,
            };
        }),
    ];

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
