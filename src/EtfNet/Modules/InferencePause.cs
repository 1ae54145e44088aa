using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Leaves <c>torch.inference_mode()</c>: what is made in it could not be trained. Gradients stay off, as they are in it.</summary>
internal static class InferencePause
{
    /// <summary>Begins the pause.</summary>
    /// <returns>Ends it; null outside that mode, where nothing changes.</returns>
    public static IDisposable? Begin()
    {
        if (!is_inference_mode_enabled())
            return null;
        var recording = inference_mode(false);
        var noGrad = no_grad();
        return new DisposeAction(() =>
        {
            noGrad.Dispose();
            recording.Dispose();
        });
    }
}
