using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Ranks;

/// <summary>An Adaptive-ETF training in float64 on a rank's share of whole batches; as the only rank it sees the whole batches.</summary>
internal sealed class RankTraining : IDisposable
{
    public const int Batch = 48;
    private const int Samples = Batch * 12;

    private readonly ICollective? _group;
    private readonly Blobs _data = new(Samples, noise: 0.6);
    private readonly SGD _optimizer;

    public RankTraining(ICollective? group, AdaptiveEtfOptions? options = null, bool withNorm = false, int seed = 0)
    {
        _group = group;
        Model = Create(withNorm, seed);
        _optimizer = optim.SGD(Model.parameters(), 0.1, momentum: 0.9, weight_decay: 1e-3);
        Scheduler = Model.ApplyAdaptiveEtf((options ?? Options) with { Collective = group }, _optimizer);
    }

    public static AdaptiveEtfOptions Options { get; } =
        new() { Epsilon = 0.1, MaxPerEpoch = 1, Frame = EtfFrame.Nearest, MaxOutputError = 0.9 };

    public nn.Module<Tensor, Tensor> Model { get; }

    public AdaptiveEtfScheduler Scheduler { get; }

    public List<long> StepBytes { get; } = [];

    private int Rank => _group?.Rank ?? 0;

    private int Size => _group?.Size ?? 1;

    public static nn.Module<Tensor, Tensor> Create(bool withNorm, int seed)
    {
        using var scope = NewDisposeScope();
        var layers = new List<(string, nn.Module<Tensor, Tensor>)>();
        foreach (var (index, width) in new[] { 16, 24, 24 }.Index())
        {
            layers.Add(($"fc{index}", nn.Linear(width, 24, dtype: float64)));
            if (withNorm)
                layers.Add(($"norm{index}", nn.BatchNorm1d(24, dtype: float64)));
            layers.Add(($"relu{index}", nn.ReLU()));
        }

        layers.Add(("head", nn.Linear(24, Blobs.Classes, dtype: float64)));
        var model = nn.Sequential(layers);
        using (no_grad())
            foreach (var (name, parameter) in model.named_parameters())
                if (!name.StartsWith("norm", StringComparison.Ordinal))
                    parameter.copy_(Sample.Normal(seed++, parameter.shape) * (parameter.dim() > 1 ? 0.3 : 0.01));
        return model;
    }

    /// <summary>Trains for an epoch, without its end.</summary>
    /// <param name="batches">How many batches; null for all.</param>
    public void Steps(int? batches = null)
    {
        for (var batch = 0; batch < (batches ?? Samples / Batch); batch++)
        {
            using var scope = NewDisposeScope();
            var share = Batch / Size;
            var first = (batch * Batch) + (Rank * share);
            var (x, y) = (_data.Inputs.slice(0, first, first + share, 1).to(float64), _data.Labels.slice(0, first, first + share, 1));
            _optimizer.zero_grad();
            nn.functional.cross_entropy(Model.call(x), y).backward();
            if (_group is not null)
                StepBytes.Add(Scheduler.ReduceGradients().Bytes);
            _optimizer.step();
            Scheduler.Observe(y);
        }
    }

    /// <summary>Trains for some epochs.</summary>
    /// <returns>What each epoch fixed.</returns>
    public List<string> Train(int epochs) =>
    [
        .. Enumerable.Range(0, epochs).Select(_ =>
        {
            Steps();
            return string.Join(' ', Scheduler.EndEpoch().NewlyFixed.Select(layer => layer.Name));
        }),
    ];

    /// <summary>All parameters and buffers in one vector.</summary>
    public double[] Values()
    {
        using var scope = NewDisposeScope();
        return [.. Model.state_dict().OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => Numbers(entry.Value))];
    }

    /// <summary>A frame's header holds the bits of its scale: as a number they would differ by hundreds where the scale differs in its last
    /// digit.</summary>
    private static IEnumerable<double> Numbers(Tensor entry) => entry.dtype == int64 && entry.numel() > 1
        ? entry.data<long>().ToArray().Select(value => Math.Abs(value) > 1L << 52 ? BitConverter.Int64BitsToDouble(value) : value)
        : entry.detach().to(float64).cpu().reshape(-1).data<double>().ToArray();

    public long Trainable() => Model.parameters().Where(parameter => parameter.requires_grad).Sum(parameter => parameter.numel());

    public void Dispose()
    {
        Scheduler.Dispose();
        _optimizer.Dispose();
        Model.Dispose();
        _data.Dispose();
    }
}
