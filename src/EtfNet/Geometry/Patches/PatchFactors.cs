using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The factors of a frame over patches as a layer stores them: kernels, ready for use, in the place of matrices.</summary>
internal static class PatchFactors
{
    /// <summary>A factor as it is stored: <c>matrix</c> (K, C, height, width), <c>left</c> (K, w), <c>right</c> (w, C, height,
    /// width).</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="name">Which one.</param>
    /// <param name="matrix">As the frame has it: K x d, or K x v and d x v, further columns zeros.</param>
    /// <returns>A tensor of the current scope.</returns>
    public static Tensor Store(PatchFrame frame, string name, Tensor matrix)
    {
        if (name == SimplexEtfHeader.Matrix)
            return frame.Seen.ToKernel(matrix);
        using var scope = NewDisposeScope();
        var columns = matrix.narrow(1, 0, frame.Header.Rank + 1);
        var padded = nn.functional.pad(columns, (0, PatchFrame.FactorWidth(frame.Header.Rank) - columns.shape[1]));
        return (name == SimplexEtfHeader.Left ? padded : frame.Seen.ToKernel(padded.t())).MoveToOuterDisposeScope();
    }

    /// <summary>The way back from <see cref="Store"/>.</summary>
    public static Tensor Read(PatchFrame frame, string name, Tensor stored)
    {
        if (name == SimplexEtfHeader.Matrix)
            return frame.Seen.ToMatrix(stored);
        using var scope = NewDisposeScope();
        var columns = (name == SimplexEtfHeader.Left ? stored : frame.Seen.ToMatrix(stored).t()).narrow(1, 0, frame.Header.Rank + 1);
        return nn.functional.pad(columns, (0, frame.Header.FactorWidth - columns.shape[1])).MoveToOuterDisposeScope();
    }
}
