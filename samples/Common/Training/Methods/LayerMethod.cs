using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace EtfNet.Samples;

/// <summary>What is done with a network's layers while it trains. Reusable: all state is in the watch that it attaches.</summary>
public abstract class LayerMethod
{
    /// <summary>Prepares the model, makes its optimizer and attaches to both.</summary>
    public abstract LayerWatch Attach(nn.Module<Tensor, Tensor> model, Func<Optimizer> createOptimizer);

    /// <summary>Fixes layers before training.</summary>
    /// <exception cref="SampleException">A layer is not there, or has no such frame.</exception>
    private protected static void Fix(nn.Module<Tensor, Tensor> model, EtfFrame? frame, IReadOnlyList<string> layers)
    {
        if (layers.Count == 0)
            return;
        try
        {
            if (frame?.Kind is EtfFrameKind.Random or EtfFrameKind.DenseRandom)
            {
                // Random frames of layers of one shape would be one frame: each layer has its own.
                for (var i = 0; i < layers.Count; i++)
                    model.ApplyEtf(frame.OfItsOwn(i + 1), layers[i]);
            }
            else
            {
                model.ApplyEtf(frame ?? EtfFrame.Identity, [.. layers]);
            }
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or NotSupportedException)
        {
            throw new SampleException($"{string.Join(",", layers)} cannot be fixed: {Line(error)}", error);
        }
    }

    /// <summary>An exception's message on one line, without the name of the library's parameter: the user gave an option, not an argument.</summary>
    private protected static string Line(Exception error) => error.Message.Split(" (Parameter '")[0].ReplaceLineEndings(" ");
}
