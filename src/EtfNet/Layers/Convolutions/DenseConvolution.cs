using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Gives TorchSharp's convolutions a kernel and a bias.</summary>
internal static class DenseConvolution
{
    /// <summary>Fills a convolution and moves it to where the kernel is.</summary>
    /// <param name="dense">Made on the meta device, where nothing is drawn from the global generator.</param>
    /// <param name="weight">The kernel; adopted.</param>
    /// <param name="bias">K numbers, adopted; or null.</param>
    /// <param name="window">How the kernel moves.</param>
    /// <param name="training">The mode.</param>
    public static T Fill<T>(T dense, Parameter weight, Parameter? bias, PatchWindow window, bool training)
        where T : Convolution
    {
        var device = weight.device;
        dense.weight = (Parameter)weight.DetachFromDisposeScope();
        if (bias is not null)
            dense.bias = (Parameter)bias.DetachFromDisposeScope();
        if (window.Mode is not PaddingModes.Zeros)
            TorchSharpInternals.ReversedPadding(dense) = window.Dimensions == 1
                ? [window.Before.Columns, window.After.Columns]
                : [window.Before.Columns, window.After.Columns, window.Before.Rows, window.After.Rows];
        dense.to(device);
        dense.train(training);
        return dense;
    }
}
