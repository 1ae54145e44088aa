using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>Nothing is watched and nothing changes during training: what times are compared with.</summary>
/// <param name="frame">The frame that the given layers are fixed with before training.</param>
/// <param name="layers">Names or patterns of the layers to fix before training.</param>
public sealed class PlainMethod(EtfFrame? frame = null, params string[] layers) : LayerMethod
{
    public override string ToString() => layers.Length == 0 ? "nothing is watched" : $"fixed from the start: {string.Join(", ", layers)}; nothing is watched";

    public override LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer)
    {
        Fix(model, frame, layers);
        return new Watch(model, createOptimizer());
    }

    private sealed class Watch(nn.Module<Tensor, Tensor> model, Optimizer optimizer) : LayerWatch(optimizer)
    {
        private readonly LayerStatus _status = new([], model.FixedLayers(), null, []);

        public override bool IsPartOfTraining => false;

        public override void Observe(Tensor labels)
        {
        }

        public override LayerStatus EndEpoch() => _status;

        public override void Save(string path) => EtfCheckpoint.Save(path, model, Optimizer);

        public override void Load(string path) => EtfCheckpoint.Load(path, model, Optimizer);
    }
}
