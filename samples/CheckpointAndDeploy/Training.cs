using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>A model, its optimizer and its scheduler: what a checkpoint holds.</summary>
internal sealed class Training : IDisposable
{
    private readonly optim.Optimizer _optimizer;

    public Training(long seed)
    {
        manual_seed(seed);
        Model = NewModel();
        _optimizer = optim.SGD(Model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);
        Etf = Model.ApplyAdaptiveEtf(epsilon: 0.25, _optimizer);
    }

    public nn.Module<Tensor, Tensor> Model { get; }

    public AdaptiveEtfScheduler Etf { get; }

    /// <summary>The same architecture each time; the weights come from torch's global generator.</summary>
    public static nn.Module<Tensor, Tensor> NewModel() => new Mlp(Width: 256, HiddenLayers: 4).Create(inputs: 784, classes: 10);

    /// <summary>Trains some epochs. Random generators are the user's own: one for each epoch makes a resumed run see the same batches.</summary>
    public void Run(TensorSet train, int from, int to)
    {
        for (var epoch = from; epoch <= to; epoch++)
        {
            using var order = new Generator((ulong)epoch);
            Model.train();
            foreach (var (x, y) in train.Batches(128, order))
            {
                using var scope = NewDisposeScope();
                _optimizer.zero_grad();
                nn.functional.cross_entropy(Model.call(x), y).backward();
                _optimizer.step();
                Etf.Observe(y);
            }

            var report = Etf.EndEpoch();
            Console.WriteLine($"epoch {epoch}: {report.FixedLayers.Count} of {report.Layers.Count} layers fixed");
        }
    }

    public void Dispose()
    {
        Etf.Dispose();
        _optimizer.Dispose();
        Model.Dispose();
    }
}
