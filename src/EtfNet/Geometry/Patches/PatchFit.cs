using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Fits frames to convolutions, as <see cref="FrameFit"/> does to matrices, on a sample of their patches.</summary>
/// <remarks>
/// The second moment of the patches, d x d, is never formed: the map times it is <c>(outputs^T patches) / N</c>, and the leading directions
/// come from subspace iteration on the sample.
/// </remarks>
internal static class PatchFit
{
    /// <summary>Fits a frame. Random frames are over the middle pixels where these are enough for one; the ranks of aligned ones are
    /// rounded up to what costs no more.</summary>
    /// <param name="frame">The choice.</param>
    /// <param name="kernel">(K, C, height, width), or (K, C, width).</param>
    /// <param name="bias">K, or null.</param>
    /// <param name="patches">N x d in frame order: <see cref="PatchPositions.Patches"/> of what the layer sees now.</param>
    /// <param name="targets">N x K: <see cref="PatchPositions.Outputs"/> of what the layer gave before, bias included.</param>
    /// <param name="options">As in <see cref="FrameFit.To"/>.</param>
    /// <returns>The fit; its frame has K x d, or for random frames K x C.</returns>
    /// <exception cref="ArgumentException">A tensor is not finite floating point, or shapes do not agree.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The shape has no frame.</exception>
    public static FrameFit To(EtfFrame frame, Tensor kernel, Tensor? bias, Tensor patches, Tensor targets, FrameFitOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(frame);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var patch = PatchShape.Of(kernel);
        var weight = patch.ToMatrix(kernel);
        if (patches.dim() != 2 || patches.shape[1] != patch.Size)
            throw new ArgumentException(
                $"Patches have the shape {TensorCheck.Shape(patches)}; a kernel over {patch} wants (N, {patch.Size}).", nameof(patches));
        if (frame.Kind is EtfFrameKind.Random or EtfFrameKind.DenseRandom)
        {
            var columns = PatchFrame.ColumnsOfRandom(weight.shape[0], patch);
            TensorCheck.Finite(patches, nameof(patches));
            return FrameFit.To(frame, weight.narrow(1, 0, columns), bias, patches.narrow(1, 0, columns), targets, options);
        }

        var choice = frame.Kind is EtfFrameKind.Aligned ? frame.WithRank(RoundUp(frame.Rank)) : frame;
        return FrameFit.To(choice, weight, bias, patches, targets, (options ?? new FrameFitOptions()) with { IsCheaper = IsCheaper });
    }

    /// <summary>Whether the structured form halves the dense kernel's multiplications: else the nearest frame, whose outputs come much
    /// nearer, is worth more than what is saved.</summary>
    internal static bool IsCheaper(FrameShape shape, long rank) =>
        2 * (shape.Rows + shape.Columns) * PatchFrame.FactorWidth(rank) <= shape.Rows * shape.Columns;

    /// <summary>The greatest rank whose factors have as many columns.</summary>
    private static int RoundUp(int rank) => (int)Math.Min(int.MaxValue, PatchFrame.FactorWidth(rank) - 1);
}
