using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Follows each output of a layer to the one normalization behind it, which takes every output of the layer and nothing else;
/// where that fails once, the link is broken for good.</summary>
/// <param name="took">Takes what the normalization gave.</param>
internal sealed class FlowLink(Action<Forward, Tensor> took) : IModuleListener
{
    private Tensor? _output;

    public ModuleHook? Hook { get; set; }

    /// <summary>Called once, when the link breaks.</summary>
    public Action? Broken { get; set; }

    /// <summary>The layer has given an output.</summary>
    /// <returns>False where the one before was not taken: the link is broken.</returns>
    public bool Gave(Tensor output)
    {
        if (_output is not null)
        {
            Broken!();
            return false;
        }

        _output = output;
        return true;
    }

    public void Fired(Forward forward, object? input, object? result)
    {
        if (_output is null || !ReferenceEquals(input, _output))
        {
            var untaken = _output;
            Broken!();
            if (untaken is { IsInvalid: false })
                took(forward, untaken);
            return;
        }

        _output = null;
        if (result is Tensor output)
            took(forward, output);
    }
}
