using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>The share of samples that a network classifies right.</summary>
public static class Accuracy
{
    private const int BatchSize = 1000;

    /// <summary>Measures it over a whole set, in eval mode and without gradients; the model's mode is restored.</summary>
    public static double Measure(nn.Module<Tensor, Tensor> model, TensorSet set)
    {
        var training = model.training;
        model.eval();
        try
        {
            using var noGrad = no_grad();
            var right = 0L;
            for (var start = 0L; start < set.Count; start += BatchSize)
            {
                using var scope = NewDisposeScope();
                var count = Math.Min(BatchSize, set.Count - start);
                var predicted = model.call(set.Inputs.narrow(0, start, count)).argmax(1);
                right += predicted.eq(set.Labels.narrow(0, start, count)).sum().item<long>();
            }

            return (double)right / set.Count;
        }
        finally
        {
            model.train(training);
        }
    }
}
