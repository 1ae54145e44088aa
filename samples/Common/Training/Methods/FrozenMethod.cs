using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>Linear layers hold a frame for the first epochs, and are trained from there on.</summary>
/// <param name="epsilon">The NCC error at or below which a layer counts as collapsed.</param>
/// <param name="frame">The frame; random ones differ from layer to layer.</param>
/// <param name="epochs">For how long; null for all of training.</param>
/// <param name="layers">The layers' names.</param>
public sealed class FrozenMethod(double epsilon, EtfFrame frame, int? epochs, params string[] layers) : LayerMethod
{
    public override string ToString() => $"{frame} in {string.Join(", ", layers)} for {(epochs is null ? "all" : $"{epochs}")} epochs";

    public override LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer)
    {
        var frozen = layers.Select(name => (Name: name, Layer: model.named_modules().FirstOrDefault(entry => entry.name == name).module as Linear
            ?? throw new SampleException($"{name} cannot be frozen: the network has no such linear layer."))).ToList();
        using (no_grad())
        {
            for (var i = 0; i < frozen.Count; i++)
            {
                var weight = frozen[i].Layer.weight;
                using var values = SimplexEtf.Create(frame.OfItsOwn(i + 1), weight.shape[0], weight.shape[1]).ToTensor(weight.dtype, weight.device);
                weight.copy_(values);
            }
        }

        return new Watch(new MonitoredMethod(epsilon).Attach(model, createOptimizer), [.. frozen], frame, epochs ?? int.MaxValue);
    }

    private sealed class Watch : LayerWatch
    {
        private const string EpochSuffix = ".epoch";

        private readonly LayerWatch _watched;
        private readonly IReadOnlyList<(string Name, Linear Layer)> _layers;
        private readonly EtfFrame _frame;
        private readonly int _epochs;
        private int _epoch;

        public Watch(LayerWatch watched, IReadOnlyList<(string Name, Linear Layer)> layers, EtfFrame frame, int epochs)
            : base(watched.Optimizer)
        {
            (_watched, _layers, _frame, _epochs) = (watched, layers, frame, epochs);
            Freeze();
        }

        public override bool IsPartOfTraining => false;

        public override void Observe(Tensor labels) => _watched.Observe(labels);

        public override LayerStatus EndEpoch()
        {
            var status = _watched.EndEpoch();
            _epoch++;
            Freeze();
            return _epoch < _epochs ? status with { Fixed = [.. _layers.Select(entry => Record(entry.Name, entry.Layer))] } : status;
        }

        public override void Save(string path)
        {
            _watched.Save(path);
            File.WriteAllBytes(path + EpochSuffix, BitConverter.GetBytes(_epoch));
        }

        public override void Load(string path)
        {
            _watched.Load(path);
            _epoch = BitConverter.ToInt32(File.ReadAllBytes(path + EpochSuffix));
            Freeze();
        }

        protected override void Dispose(bool disposing)
        {
            _watched.Dispose();
            base.Dispose(disposing);
        }

        private void Freeze()
        {
            foreach (var (_, layer) in _layers)
                layer.weight.requires_grad = _epoch >= _epochs;
        }

        private FixedLayer Record(string name, Linear layer) => new()
        {
            Name = name,
            Epoch = 0,
            NccError = null,
            Frame = _frame.Kind.ToString().ToLowerInvariant(),
            Rank = null,
            OutputError = null,
            ParametersFixed = layer.weight.numel(),
            InPlaceReason = "frozen for a part of training",
        };
    }
}
