namespace EtfNet;

/// <summary>What <see cref="Centering"/> computes, as the kernel takes it.</summary>
internal static class CenteringForms
{
    /// <summary>Factor times A.</summary>
    public static CenteringForm Of(FrameShape shape, FrameScale scale)
    {
        var (m, n) = (shape.Points, shape.Space);
        var norm = scale.Value * shape.Norm;
        var root = Math.Sqrt(m);
        return m == n + 1
            ? new CenteringForm(n, n, m, norm, -norm / (m + root), 0, -norm / root)
            : new CenteringForm(m, m, m, norm, -norm / m);
    }

    /// <summary>Factor times A^T.</summary>
    public static CenteringForm OfAdjoint(FrameShape shape, FrameScale scale)
    {
        var (m, n) = (shape.Points, shape.Space);
        var norm = scale.Value * shape.Norm;
        var root = Math.Sqrt(m);
        return m == n + 1
            ? new CenteringForm(m, n, n, norm, -norm / (root * (root + 1)), -norm / (root + 1))
            : new CenteringForm(m, m, n, norm, -norm / m);
    }
}
