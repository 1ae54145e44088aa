using System.IO.Enumeration;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>Adaptive-ETF: layers are fixed during training, once their NCC error has fallen to epsilon.</summary>
public sealed class AdaptiveMethod(AdaptiveEtfOptions options) : LayerMethod
{
    public override string ToString() => $"layers are fixed once their NCC error is at most {options.Epsilon}";

    public override LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer)
    {
        var optimizer = createOptimizer();
        try
        {
            return new Watch(model.ApplyAdaptiveEtf(options, optimizer), options, optimizer);
        }
        catch (ArgumentException error)
        {
            optimizer.Dispose();
            throw new SampleException($"Adaptive-ETF does not take this network: {Line(error)}", error);
        }
    }

    private sealed class Watch(AdaptiveEtfScheduler etf, AdaptiveEtfOptions options, Optimizer optimizer) : LayerWatch(optimizer)
    {
        public override bool IsPartOfTraining => true;

        public override void Observe(Tensor labels) => etf.Observe(labels);

        public override LayerStatus EndEpoch()
        {
            var report = etf.EndEpoch();
            var layers = report.Layers.Where(layer => IsCandidate(layer.Name)).ToList();
            return new LayerStatus(
                [.. layers.Select(layer => KeyValuePair.Create(layer.Name, layer.NccError))],
                report.FixedLayers,
                report.EffectiveDepth,
                [.. layers.Where(layer => !layer.IsFixed && layer.NccError <= options.Epsilon).Select(layer => $"{layer.Name}: {layer.Note}")]);
        }

        public override void Save(string path) => EtfCheckpoint.Save(path, etf);

        public override void Load(string path) => EtfCheckpoint.Load(path, etf);

        /// <summary>Other layers are watched too, but only those that may be fixed are shown beside the other methods' layers.</summary>
        private bool IsCandidate(string layer) =>
            options.Include.Count == 0 || options.Include.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, layer, ignoreCase: false));

        protected override void Dispose(bool disposing)
        {
            etf.Dispose();
            base.Dispose(disposing);
        }
    }
}
