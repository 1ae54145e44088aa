using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Aligned frames from a sample of inputs.</summary>
internal static class AlignedFrame
{
    /// <summary>Aligns with the leading input directions of a sample.</summary>
    /// <param name="cross">W S, K x d: the map times the second moment of the sample; float64.</param>
    /// <param name="sample">N x d, float64.</param>
    /// <param name="energy">The share of the input energy that is enough.</param>
    /// <param name="maxRank">The most directions.</param>
    /// <param name="shape">Of the frame.</param>
    /// <returns>Null if no direction is left.</returns>
    public static FrameAlignment? Align(Tensor cross, Tensor sample, double energy, long maxRank, FrameShape shape)
    {
        using var scope = NewDisposeScope();
        // A column frame centers its inputs first: only directions orthogonal to 1 are seen.
        var seen = shape.IsColumnFrame ? sample - sample.mean([1], keepdim: true) : sample;
        var directions = InputDirections.Leading(seen, energy, Math.Min(maxRank, shape.Points - 1));
        if (directions.shape[1] == 0 || FrameAlignment.Align(directions, cross.mm(directions), shape) is not { } aligned)
            return null;
        foreach (var tensor in (ReadOnlySpan<Tensor>)[aligned.Left, aligned.Right, aligned.Inputs, aligned.Outputs])
            tensor.MoveToOuterDisposeScope();
        return aligned;
    }

    /// <summary>The aligned frame of a matrix and a sample, whatever it costs, with the least-squares scale.</summary>
    /// <returns>Null if no direction is left.</returns>
    public static SimplexEtf? To(Tensor matrix, Tensor inputs, int rank, FrameShape shape)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var weight = matrix.detach().to(ScalarType.Float64);
        var sample = inputs.detach().to(ScalarType.Float64, weight.device).reshape(-1, shape.Columns);
        var targets = sample.mm(weight.t());
        if (Align(targets.t().mm(sample) / sample.shape[0], sample, 1, rank, shape)?.ToEtf(shape, 1) is not { } unit)
            return null;
        using var map = FrameOperator.Create(unit.Header, name => unit.FactorTensor(name).to(weight.device));
        var images = map.Apply(sample, FrameScale.One);
        var scale = (targets * images).sum().item<double>() / images.square().sum().item<double>();
        // Where the directions left out outweigh those kept the best scale may be negative; then the outputs keep their norm.
        return unit.WithScale(scale > 0 && double.IsFinite(scale) ? scale : (targets.norm() / images.norm()).item<double>());
    }
}
