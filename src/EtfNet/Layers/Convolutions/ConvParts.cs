using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What a convolution of a frame is made of, checked.</summary>
/// <param name="Window">How the kernel moves.</param>
/// <param name="Padding">The padding as it was asked for.</param>
/// <param name="Frame">The frame and the patches that it is over.</param>
/// <param name="Factor">The factors of the frame, as matrices.</param>
internal sealed record ConvParts(PatchWindow Window, ConvPadding Padding, PatchFrame Frame, Func<string, Tensor> Factor)
{
    /// <summary>The parts of a layer that is fixed from the start.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No frame of that shape exists, or a number is out of its range.</exception>
    /// <exception cref="ArgumentException">The frame follows a trained weight, or the padding does not fit the stride.</exception>
    public static ConvParts New(ConvWindow window, long outChannels, EtfFrame? frame, double scale)
    {
        var (patch, choice) = (window.Window.Patch, frame ?? EtfFrame.Identity);
        var isRandom = choice.Kind is EtfFrameKind.Random or EtfFrameKind.DenseRandom;
        var columns = isRandom ? PatchFrame.ColumnsOfRandom(outChannels, patch) : patch.Size;
        var etf = SimplexEtf.Create(choice, FrameShape.For(choice, outChannels, columns, nameof(outChannels), "inChannels"), scale);
        return new ConvParts(window.Window, window.Padding, new PatchFrame(etf.Header, patch), etf.FactorTensor);
    }

    /// <summary>The parts of a layer of a realized frame.</summary>
    /// <exception cref="ArgumentException">The frame does not fit the patches.</exception>
    public static ConvParts Of(ConvWindow window, SimplexEtf etf)
    {
        ArgumentNullException.ThrowIfNull(etf);
        var frame = new PatchFrame(etf.Header, window.Window.Patch);
        return frame.Problem() is { } problem
            ? throw new ArgumentException($"The frame does not fit the convolution: {problem}.", nameof(etf))
            : new ConvParts(window.Window, window.Padding, frame, etf.FactorTensor);
    }

    /// <summary>The parts of a layer whose factors are zeros until a state is loaded.</summary>
    /// <exception cref="ArgumentException">The frame is none, or does not fit the patches.</exception>
    public static ConvParts Blank(ConvWindow window, SimplexEtfHeader header)
    {
        var frame = new PatchFrame(header, window.Window.Patch);
        return frame.Problem() is { } problem
            ? throw new ArgumentException($"Not a frame over patches of {window.Window.Patch}: {problem}.", nameof(header))
            : new ConvParts(window.Window, window.Padding, frame,
                name => header.Factors.Where(f => f.Name == name).Select(f => zeros(f.Rows, f.Columns)).Single());
    }
}
