using System.Runtime.CompilerServices;

namespace EtfNet;

/// <summary>What a sample has met so far: its own center and the two nearest other ones, as squared distances less the sample's own squared
/// norm.</summary>
internal struct ScoredRow(float squaredNorm, int ownIndex)
{
    private float _own = float.PositiveInfinity;
    private float _best = float.PositiveInfinity;
    private float _second = float.PositiveInfinity;
    private int _bestIndex = -1;

    /// <summary>The squared norm of the centered features.</summary>
    public readonly float SquaredNorm => squaredNorm;

    /// <summary>The own class among the centers; -1 where it has none.</summary>
    public readonly int OwnIndex => ownIndex;

    /// <summary>The nearest of the other classes' centers; -1 where there is none.</summary>
    public readonly int OtherIndex => _bestIndex;

    /// <summary>Takes the products with a run of centers, the first of which is number <paramref name="offset"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(ReadOnlySpan<float> products, ReadOnlySpan<float> squaredNorms, int offset)
    {
        for (var k = 0; k < products.Length; k++)
        {
            var distance = squaredNorms[offset + k] - 2 * products[k];
            if (offset + k == ownIndex)
                _own = distance;
            else if (distance < _best)
                (_second, _best, _bestIndex) = (_best, distance, offset + k);
            else if (distance < _second)
                _second = distance;
        }
    }

    /// <summary>Whether the own center, its squared distance scaled by <paramref name="ownFactor"/>, is the nearest, and which is without
    /// that factor.</summary>
    public readonly (bool Right, int Winner) Decide(float ownFactor)
    {
        var left = ownIndex < 0 || float.IsPositiveInfinity(ownFactor)
            ? float.PositiveInfinity
            : ownFactor * (squaredNorm + _own) - squaredNorm;
        var right = left < _best || (left == _best && ownIndex < _bestIndex && !float.IsPositiveInfinity(left));
        var ownWins = _own < _best || (_own == _best && ownIndex < _bestIndex);
        return (right || (_bestIndex < 0 && !float.IsPositiveInfinity(left)), ownWins || _bestIndex < 0 ? ownIndex : _bestIndex);
    }

    /// <summary>Whether float32 rounding could have turned the decision.</summary>
    /// <remarks>
    /// A product of width d is off by at most <c>d eps |h| |m|</c> in any order of summation; norms and the rounding of h and m to float32
    /// add terms of the same
    /// form. All are below <c>(d + 32) eps (|h| + max |m|)^2</c>, and the leave-one-out factor scales the own one's.
    /// </remarks>
    public readonly bool IsClose(float ownFactor, ClassCenters centers)
    {
        var bound = Bound(centers);
        if (!float.IsFinite(bound))
            return true;
        if (_bestIndex < 0)
            return false;
        if (MathF.Abs(_own - _best) <= 2 * bound || (_own > _best && _second - _best <= 2 * bound))
            return true;
        return ownIndex >= 0
            && !float.IsPositiveInfinity(ownFactor)
            && MathF.Abs(ownFactor * (squaredNorm + _own) - squaredNorm - _best) <= (1 + ownFactor) * bound;
    }

    /// <summary>
    /// The squared distance, less the sample's own squared norm, up to which a center may be the nearest of the others except for rounding.
    /// </summary>
    public readonly float Limit(ClassCenters centers) =>
        Bound(centers) is var bound && float.IsFinite(bound) ? _best + 2 * bound : float.PositiveInfinity;

    /// <summary>
    /// How much of the sample's own deviation may be in its center before the decision turns to wrong (<see cref="LeaveOneOut"/>).
    /// </summary>
    public readonly float TurningShare(float ownFactor) =>
        ownIndex < 0 || _bestIndex < 0 ? 0 : LeaveOneOut.TurningShare(squaredNorm + _own, squaredNorm + _best, ownFactor);

    private readonly float Bound(ClassCenters centers)
    {
        const float epsilon = 1.1920929e-7f;
        var reach = MathF.Sqrt(squaredNorm) + centers.MaxNorm;
        return (centers.Width + 32) * epsilon * reach * reach;
    }
}
