using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>What is done with a network's layers while it trains. Reusable: all state is in the watch that it attaches.</summary>
public abstract class LayerMethod
{
    /// <summary>Prepares the model, makes its optimizer and attaches to both.</summary>
    public abstract LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer);

    /// <summary>An exception's message on one line, without the name of the library's parameter: the user gave an option, not an argument.</summary>
    private protected static string Line(Exception error) => error.Message.Split(" (Parameter '")[0].ReplaceLineEndings(" ");
}
