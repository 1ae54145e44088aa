using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Distributed;

/// <summary>A model that is trained in float64 on shares of whole batches, and the same on whole batches.</summary>
internal static class RankModel
{
    private const int Batch = 24;

    public static nn.Module<Tensor, Tensor> Create()
    {
        using var scope = NewDisposeScope();
        var model = nn.Sequential(
            ("first", nn.Linear(16, 12, dtype: float64)), ("tanh", nn.Tanh()),
            ("second", nn.Linear(12, 12, dtype: float64)), ("relu", nn.ReLU()), ("head", nn.Linear(12, 4, dtype: float64)));
        var seed = 0;
        using (no_grad())
            foreach (var (_, parameter) in model.named_parameters())
                parameter.copy_(Sample.Normal(seed++, parameter.shape) * 0.4);
        return model;
    }

    /// <summary>Trains for some steps.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rank">Which rank of <paramref name="size"/> this is, so which share of each batch it sees.</param>
    /// <param name="size">The number of ranks; 1 sees the whole batches.</param>
    /// <param name="steps">How many.</param>
    /// <param name="afterBackward">What happens between backward and step.</param>
    public static void Train(nn.Module<Tensor, Tensor> model, int rank, int size, int steps, Action afterBackward)
    {
        using var optimizer = optim.SGD(model.parameters(), 0.1, momentum: 0.9, weight_decay: 1e-3);
        using var data = new Blobs(samples: Batch * 8, noise: 1.0);
        for (var step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            var (first, share) = ((step % 8 * Batch) + (rank * Batch / size), Batch / size);
            optimizer.zero_grad();
            var output = model.call(data.Inputs.slice(0, first, first + share, 1).to(float64));
            nn.functional.cross_entropy(output, data.Labels.slice(0, first, first + share, 1)).backward();
            afterBackward();
            optimizer.step();
        }
    }

    /// <summary>The greatest difference of two models' parameters.</summary>
    public static double Distance(nn.Module a, nn.Module b)
    {
        using var scope = NewDisposeScope();
        return a.parameters().Zip(b.parameters()).Max(pair => Sample.Max(pair.First.detach() - pair.Second.detach()));
    }

    public static IEnumerable<(string, Tensor)> Named(nn.Module model) =>
        model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter));
}
