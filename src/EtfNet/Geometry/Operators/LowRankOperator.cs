using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// An aligned frame: <c>E = norm (J - L R^T)</c>, J the truncated or padded identity, L with K and R with d rows and r + 1 columns.
/// Centering commutes into the low-rank part as its last column, so one copy of x and two skinny products do.
/// </summary>
/// <param name="shape">Of the frame.</param>
/// <param name="rank">r.</param>
/// <param name="left">L; further columns are zeros. They speed up the first product and are left out of the second.</param>
/// <param name="right">R, likewise.</param>
internal sealed class LowRankOperator(FrameShape shape, int rank, Func<Tensor> left, Func<Tensor> right) : FrameOperator
{
    /// <summary>Rows of a group, and the sizes between which groups were found to be faster.</summary>
    private const long GroupRows = 8, MostRows = 256, LeastWidth = 1024;

    private readonly PanelStore _left = new(), _right = new();

    public override Tensor Apply(Tensor x, FrameScale scale) => Apply(x, scale, null);

    public override Tensor Apply(Tensor x, FrameScale scale, Tensor? bias) =>
        Update(x, shape.Rows, right(), left(), scale, _left, bias);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => Update(y, shape.Columns, left(), right(), scale, _right);

    /// <summary>factor (J x - outer (inner^T x)) + bias.</summary>
    private Tensor Update(Tensor x, long width, Tensor inner, Tensor outer, FrameScale scale, PanelStore store, Tensor? bias = null)
    {
        if (LowRankPass.TryApply(x, inner, outer, rank + 1, scale.Value * shape.Norm, bias, store) is { } y)
            return y;
        y = ByOperations(x, width, inner, outer, scale);
        return bias is null ? y : AddBias(y, bias);
    }

    private Tensor ByOperations(Tensor x, long width, Tensor inner, Tensor outer, FrameScale scale)
    {
        using var fitted = Fit(x, width);
        using var padded = x.mm(inner);
        using var coordinates = padded.narrow(1, 0, rank + 1);
        using var columns = outer.narrow(1, 0, rank + 1);
        using var transposed = columns.t();
        if (InGroups(x, width))
        {
            using var factors = coordinates.mul(scale.Times(-shape.Norm));
            return Product(factors, transposed).add_(fitted, scale.Times(shape.Norm));
        }

        var factor = scale.Value * shape.Norm;
        // addmm takes its factors as float32: exact only for the dtypes up to that.
        if (x.dtype != ScalarType.Float64)
            return fitted.addmm(coordinates, transposed, (float)factor, (float)-factor);
        return fitted.addmm(coordinates, transposed, 1, -1).mul_(scale.Times(shape.Norm));
    }

    /// <summary>
    /// Whether the wide product is taken a few rows at a time. As a whole, MKL's threads share each row of it between them, which on some
    /// processors, and at some times, takes two to three times as long as on one thread.
    /// </summary>
    private static bool InGroups(Tensor x, long width) =>
        x.device_type == DeviceType.CPU && x.dtype is ScalarType.Float32 or ScalarType.Float64 && width >= LeastWidth
        && x.shape[0] is > GroupRows and <= MostRows && x.shape[0] % GroupRows == 0 && get_num_threads() > 1;

    /// <summary>a b, in groups of rows of a.</summary>
    private static Tensor Product(Tensor a, Tensor b)
    {
        var (rows, inner, width) = (a.shape[0], a.shape[1], b.shape[1]);
        using var groups = a.view(rows / GroupRows, GroupRows, inner);
        using var again = b.expand(rows / GroupRows, inner, width);
        using var products = groups.bmm(again);
        return products.view(rows, width);
    }

    private static Tensor Fit(Tensor x, long width)
    {
        var own = x.shape[1];
        return width > own ? nn.functional.pad(x, (0, width - own)) : width < own ? x.narrow(1, 0, width) : x.alias();
    }

    public override void Dispose()
    {
        _left.Clear();
        _right.Clear();
    }
}
