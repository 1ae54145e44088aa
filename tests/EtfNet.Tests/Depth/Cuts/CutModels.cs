using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth.Cuts;

/// <summary>Models to cut, all of rows of 16 to four classes, their weights by a seed.</summary>
internal static class CutModels
{
    /// <summary>Three hidden layers, the first with a batch norm.</summary>
    public static Sequential Mlp(int seed = 1) => Seeded(seed, nn.Sequential(
        nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4)));

    /// <summary>Features in one Sequential, the classifier behind it.</summary>
    public static Sequential Nested(int seed = 1) => Seeded(seed, nn.Sequential(
        ("features", nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 20), nn.ReLU())), ("drop", nn.Dropout(0.1)),
        ("classifier", nn.Linear(20, 4))));

    /// <summary>Maps of 16 channels behind an unflattened input.</summary>
    public static Sequential Convolutions(int seed = 1) => Seeded(seed, nn.Sequential(
        ("unflat", nn.Unflatten(1, [1, 4, 4])), ("conv1", nn.Conv2d(1, 16, 3, padding: 1)), ("act1", nn.ReLU()),
        ("conv2", nn.Conv2d(16, 16, 3, padding: 1)), ("act2", nn.ReLU()), ("flat", nn.Flatten()), ("head", nn.Linear(256, 4))));

    /// <summary>A class of the user's around one Sequential, whose output it returns as it is, or changed.</summary>
    public static nn.Module<Tensor, Tensor> Wrapped(int seed = 1, bool changed = false) => Seeded(seed, new Wrapper(changed));

    /// <summary>A model with a forward of its own around blocks in a Sequential.</summary>
    public static BlockModel Blocks(int seed = 1, bool oneByOne = false) => Seeded(seed, new BlockModel(oneByOne));

    public static DepthReport Measure(nn.Module model, Blobs data, DepthOptions? options = null) =>
        model.MeasureDepth(data.Batches(), data.Batches(), options);

    private static T Seeded<T>(int seed, T model)
        where T : nn.Module
    {
        using var generator = new Generator((ulong)seed);
        using var noGrad = no_grad();
        foreach (var (name, parameter) in model.named_parameters())
            if (parameter.dim() > 1)
                parameter.normal_(0, 1 / Math.Sqrt(parameter.NumberOfElements / parameter.shape[0]), generator: generator);
            else if (name.EndsWith("bias", StringComparison.Ordinal))
                parameter.zero_();
        return model;
    }

    internal sealed class Wrapper : nn.Module<Tensor, Tensor>
    {
        private readonly bool _changed;
        private readonly Sequential net = Mlp();

        public Wrapper(bool changed)
            : base(nameof(Wrapper))
        {
            _changed = changed;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var output = net.call(input.flatten(1));
            return (_changed ? output + input.narrow(1, 0, 4) : output).MoveToOuterDisposeScope();
        }
    }

    internal sealed class BlockModel : nn.Module<Tensor, Tensor>
    {
        private readonly bool _oneByOne;
        private readonly nn.Module<Tensor, Tensor> stem = nn.Linear(16, 16);
        private readonly Sequential blocks = nn.Sequential(
            nn.Sequential(nn.Linear(16, 16), nn.ReLU()),
            nn.Sequential(nn.Linear(16, 16), nn.ReLU()),
            nn.Sequential(nn.Linear(16, 8), nn.ReLU()),
            nn.Sequential(nn.Linear(8, 8), nn.ReLU()),
            nn.Sequential(nn.Linear(8, 8), nn.ReLU()));

        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, 4);

        public BlockModel(bool oneByOne)
            : base(nameof(BlockModel))
        {
            _oneByOne = oneByOne;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var value = stem.call(input);
            if (_oneByOne)
                foreach (var (_, block) in blocks.named_children())
                    value = ((nn.Module<Tensor, Tensor>)block).call(value);
            else
                value = blocks.call(value);
            return head.call(value).MoveToOuterDisposeScope();
        }
    }
}
