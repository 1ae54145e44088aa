using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// An aligned frame: <c>E = norm (J - L R^T)</c>, J the truncated or padded identity, L with K and R with d rows and r + 1 columns. Centering commutes
/// into the low-rank part as its last column, so one copy of x and two skinny products do.
/// </summary>
/// <param name="shape">Of the frame.</param>
/// <param name="rank">r.</param>
/// <param name="left">L; further columns are zeros. They speed up the first product and are left out of the second.</param>
/// <param name="right">R, likewise.</param>
internal sealed class LowRankOperator(FrameShape shape, int rank, Func<Tensor> left, Func<Tensor> right) : FrameOperator
{
    public override Tensor Apply(Tensor x, FrameScale scale) => Update(x, shape.Rows, right(), left(), scale);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => Update(y, shape.Columns, left(), right(), scale);

    /// <summary>factor (J x - outer (inner^T x)).</summary>
    private Tensor Update(Tensor x, long width, Tensor inner, Tensor outer, FrameScale scale)
    {
        using var fitted = Fit(x, width);
        using var padded = x.mm(inner);
        using var coordinates = padded.narrow(1, 0, rank + 1);
        using var columns = outer.narrow(1, 0, rank + 1);
        using var transposed = columns.t();
        var factor = scale.Value * shape.Norm;
        // addmm takes its factors as float32: exact only for the dtypes up to that.
        if (x.dtype != ScalarType.Float64)
            return fitted.addmm(coordinates, transposed, (float)factor, (float)-factor);
        return fitted.addmm(coordinates, transposed, 1, -1).mul_(scale.Times(shape.Norm));
    }

    private static Tensor Fit(Tensor x, long width)
    {
        var own = x.shape[1];
        return width > own ? nn.functional.pad(x, (0, width - own)) : width < own ? x.narrow(1, 0, width) : x.alias();
    }

    public override void Dispose()
    {
    }
}
