using System.Security.Cryptography;
using System.Text;
using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>An epoch of a program's training, the same in every process.</summary>
internal static class ProgramEpoch
{
    private const int Batch = 16;

    public static void Train(
        nn.Module<Tensor, Tensor> model, optim.Optimizer optimizer, AdaptiveEtfScheduler? etf, Blobs data, ScalarType dtype)
    {
        model.train();
        foreach (var (input, labels) in data.Batches(Batch))
        {
            using var scope = NewDisposeScope();
            using var x = input;
            using var y = labels;
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(x.to(dtype)), y).backward();
            optimizer.step();
            etf?.Observe(y);
        }
    }

    /// <summary>Everything that a training holds, as a hash.</summary>
    public static string Hash(nn.Module model, OptimizerHelper optimizer)
    {
        IEnumerable<string> all =
        [
            .. TrainingReading.Weights(model).Order(StringComparer.Ordinal), .. TrainingReading.Names(optimizer, model),
            .. TrainingReading.State(optimizer),
        ];
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', all))));
    }
}
