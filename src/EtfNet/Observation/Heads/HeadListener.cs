using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Notes each call of a layer itself: its output may be the model's class scores.</summary>
internal sealed class HeadListener(HeadFinder heads, LayerTap tap) : IModuleListener
{
    public void Fired(Forward forward, object? input, object? result)
    {
        if (result is not Tensor output || output.dim() < 2)
            return;
        var alias = heads.WantsInputOf(tap) && input is Tensor given && given.dim() > 1
            ? given.detach().DetachFromDisposeScope()
            : null;
        forward.Candidates.Add(new HeadCandidate(tap, alias, output, output.shape[^1]));
    }
}
