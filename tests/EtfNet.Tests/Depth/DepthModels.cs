using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth;

/// <summary>What the tests of depth measure.</summary>
internal static class DepthModels
{
    public static Tensor First(Sequential model, int children, Tensor input)
    {
        for (var i = 0; i < children; i++)
            input = model[i].call(input);
        return input;
    }

    public static Sequential Mlp(int seed) => Sequential(
        seed, nn.Linear(16, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 20), nn.Tanh(), nn.Linear(20, 16), nn.ReLU(),
        nn.Linear(16, 4));

    public static Sequential Sequential(int seed, params nn.Module<Tensor, Tensor>[] modules)
    {
        using var generator = new Generator((ulong)seed);
        using var noGrad = no_grad();
        var model = nn.Sequential(modules);
        foreach (var parameter in model.parameters().Where(parameter => parameter.dim() > 1))
            parameter.normal_(0, 1 / Math.Sqrt(parameter.shape[1]), generator: generator);
        foreach (var layer in modules.OfType<Linear>())
            layer.bias!.zero_();
        return model;
    }

    public static (Tensor Input, Tensor Labels) Images(int count, int seed, int channels = 1)
    {
        using var generator = new Generator((ulong)seed);
        var labels = arange(count).remainder(4);
        return (randn([count, channels, 8, 8], generator: generator) + labels.to(float32).view(-1, 1, 1, 1) * 0.3, labels);
    }
}
