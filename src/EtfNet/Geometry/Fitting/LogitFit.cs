using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// A frame fitted to a network's head. Three are tried: the one nearest the weight, the one nearest the weight weighted by the inputs, and
/// <see cref="OutputFrame"/>. Each gets the scale and bias whose class probabilities are nearest the old head's, by the mean
/// Kullback-Leibler divergence over a sample; the frame with the least divergence is taken.
/// </summary>
/// <remarks>Least squares on the outputs, right for a hidden layer, raises a head's loss by tenths: it spends its freedom on logits that
/// decide nothing.</remarks>
internal static class LogitFit
{
    private const int MaxSteps = 30;

    /// <summary>Divergences that differ by less than this are equal.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>Fits.</summary>
    /// <param name="shape">Of the frame.</param>
    /// <param name="weight">K x d, float64.</param>
    /// <param name="inputs">N x d, float64, not centered.</param>
    /// <param name="logits">N x K, float64: the old head's outputs, bias included.</param>
    /// <param name="hasBias">Whether there is a bias to fit.</param>
    /// <returns>The frame with its scale, and the bias (K, of the current scope) where there is one; null if no scale is positive and
    /// finite.</returns>
    public static (SimplexEtf Etf, Tensor? Bias)? To(FrameShape shape, Tensor weight, Tensor inputs, Tensor logits, bool hasBias)
    {
        using var scope = NewDisposeScope();
        var target = logits.softmax(1);
        var centered = hasBias ? inputs - inputs.mean([0], keepdim: true) : inputs;
        var moved = hasBias ? logits - logits.mean([0], keepdim: true) : logits;
        (SimplexEtf Etf, Tensor? Bias, double Divergence)? best = null;
        var floor = FrameFit.WeightShare * centered.square().mean().item<double>();
        var cross = (moved.t().mm(centered) / centered.shape[0]) + (weight * floor);
        Tensor?[] units =
            [NearestFrame.Polar(weight, shape).Unit, NearestFrame.Polar(cross, shape).Unit, OutputFrame.Fit(cross, floor, centered, shape)];
        foreach (var unit in units.OfType<Tensor>().Select(unit => unit.to(ScalarType.Float64)))
        {
            var images = inputs.mm(unit.t());
            if (Minimize(images, logits, target, hasBias) is not { } found || (best is { } known && !(found.Divergence < known.Divergence)))
                continue;
            best = (NearestFrame.From(unit, shape, 1).WithScale(found.Scale), found.Bias, found.Divergence);
        }

        return best is { } one ? (one.Etf, one.Bias?.MoveToOuterDisposeScope()) : null;
    }

    /// <summary>Newton's method on the convex mean of KL(target || softmax(s z + b)).</summary>
    private static (double Scale, Tensor? Bias, double Divergence)? Minimize(Tensor images, Tensor logits, Tensor target, bool hasBias)
    {
        using var scope = NewDisposeScope();
        var classes = images.shape[1];
        var entropy = (target * target.clamp(min: 1e-300).log()).sum(1).mean().item<double>();
        // Where least squares would begin; a start that is no scale at all becomes 1.
        var spread = images - images.mean([1], keepdim: true);
        var first = (spread * logits).sum().item<double>() / spread.square().sum().item<double>();
        var point = zeros(1 + classes, dtype: ScalarType.Float64, device: images.device);
        point[0] = first > 0 && double.IsFinite(first) ? first : 1;
        var value = Loss(point);
        for (var step = 0; step < MaxSteps; step++)
        {
            using var temporary = NewDisposeScope();
            var p = Output(point).softmax(1);
            var difference = p - target;
            var rows = images.shape[0];
            // The derivative of a row's logits by (s, b) is [z, I]; H = mean of [z, I]^T (diag p - p p^T) [z, I].
            var weighted = p * images;
            var mean = weighted.sum([1L], keepdim: true);
            var scaleRow = weighted - p * mean;
            var gradient = cat([(difference * images).sum().reshape(1), difference.sum(0L)]) / rows;
            var hessian = zeros(1 + classes, 1 + classes, dtype: ScalarType.Float64, device: images.device);
            hessian[0, 0] = (scaleRow * images).sum() / rows;
            hessian[0].narrow(0, 1, classes).copy_(scaleRow.sum(0L) / rows);
            hessian.narrow(0, 1, classes).select(1, 0).copy_(scaleRow.sum(0L) / rows);
            hessian.narrow(0, 1, classes).narrow(1, 1, classes).copy_(diag(p.sum(0L) / rows) - p.t().mm(p) / rows);
            if (!hasBias)
            {
                gradient.narrow(0, 1, classes).zero_();
                hessian.narrow(0, 1, classes).zero_();
                hessian.narrow(1, 1, classes).zero_();
            }

            // A shift of all biases changes nothing, and classes that are never predicted bend nothing: a small ridge keeps the step
            // finite.
            hessian.diagonal().add_(1e-8);
            var direction = linalg.solve(hessian, -gradient);
            var before = value;
            for (var length = 1.0; length > 1e-4; length /= 2)
            {
                var next = point + direction * length;
                if (next[0].item<double>() > 0 && Loss(next) is var reached && reached < value)
                {
                    (point, value) = (next.MoveToOuterDisposeScope(), reached);
                    break;
                }
            }

            if (before - value < Tolerance)
                break;
        }

        var scale = point[0].item<double>();
        return scale > 0 && double.IsFinite(scale) && double.IsFinite(value)
            ? (scale, hasBias ? point.narrow(0, 1, classes).MoveToOuterDisposeScope() : null, value + entropy)
            : null;

        Tensor Output(Tensor at) => images * at[0] + at.narrow(0, 1, classes);

        double Loss(Tensor at)
        {
            using var temporary = NewDisposeScope();
            return -(target * Output(at).log_softmax(1)).sum(1).mean().item<double>();
        }
    }
}
