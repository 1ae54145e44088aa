using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A frame fitted to a trained layer on a sample of its inputs and of the outputs it used to give.</summary>
/// <param name="Etf">The frame; its kind is Nearest where an aligned one would not be cheaper than a dense matrix, or not fit.</param>
/// <param name="Bias">K numbers, float64, detached from all dispose scopes; null if the layer has no bias.</param>
/// <param name="OutputError">
/// |f(h) - g(h)| / |f(h)| over the sample, f the old layer, g the fixed one; the norm of f's outputs is taken about their mean where there
/// is a bias. Where a
/// normalization takes exactly the layer's outputs, f and g include it. Infinite for zero outputs.
/// </param>
internal sealed record FrameFit(SimplexEtf Etf, Tensor? Bias, double OutputError)
{
    /// <summary>In directions that the sample does not show, the nearest frame follows the weight: its share, of the mean input
    /// energy.</summary>
    internal const double WeightShare = 1e-8;

    /// <summary>Fits a frame.</summary>
    /// <param name="frame">The choice. Identity and random frames take the scale that keeps the norm of the outputs, the others the
    /// least-squares one.</param>
    /// <param name="weight">K x d.</param>
    /// <param name="bias">K, or null.</param>
    /// <param name="inputs">(*, d): what the layer sees now, after earlier fixes.</param>
    /// <param name="targets">(*, K): the layer's old outputs, bias included. Where the inputs are the old ones these are W h + b.</param>
    /// <param name="options">What else is known of the layer; null for nothing.</param>
    /// <returns>The fit; computed in float64 on the weight's device if that is CUDA, else on the CPU.</returns>
    /// <exception cref="ArgumentException">A tensor is not finite floating point, or shapes do not agree.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The shape has no frame.</exception>
    public static FrameFit To(EtfFrame frame, Tensor weight, Tensor? bias, Tensor inputs, Tensor targets, FrameFitOptions? options = null)
    {
        options ??= new FrameFitOptions();
        var shape = Validate(frame, weight, bias, inputs, targets);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var device = weight.device_type == DeviceType.CUDA ? weight.device : CPU;
        var w = weight.detach().to(ScalarType.Float64, device);
        var x = inputs.detach().to(ScalarType.Float64, device).reshape(-1, shape.Columns);
        var t = targets.detach().to(ScalarType.Float64, device).reshape(-1, shape.Rows);
        if (options is { IsHead: true, Match: true } && frame.Kind is EtfFrameKind.Aligned or EtfFrameKind.Nearest
            && LogitFit.To(shape, w, x, t, bias is not null) is var (head, headBias))
            return OfHead(head, headBias, x, t);

        var meanInput = x.mean([0], keepdim: true);
        var meanTarget = t.mean([0], keepdim: true);
        // What shares its statistics with other features is normalized with the means that the bias gives.
        var normalization = options.Normalization;
        var offset = bias is not null && !normalization.IsPerFeature ? meanTarget : zeros_like(meanTarget);
        if (bias is not null || normalization.IsPerFeature)
            (x, t) = (x - meanInput, t - meanTarget);

        var goal = normalization.Weigh(t + offset);
        if (bias is not null)
            goal -= goal.mean([0], keepdim: true);
        var shown = frame.ByClassMeans && options.Labels is { } labels ? InputDirections.ClassMeans(x, labels.to(device)) : x;
        var (etf, images) = Choose(frame, shape, w, x, goal, shown, options.IsCheaper ?? IsCheaper);
        if (!options.Match)
            etf = etf.WithScale(1);
        using var map = FrameOperator.Create(etf.Header, name => etf.FactorTensor(name).to(device));
        var matched = bias is null || !options.Match
            ? null
            : (meanTarget - map.Apply(meanInput, new FrameScale(etf.Scale))).reshape(-1).DetachFromDisposeScope();
        return new FrameFit(etf, matched, OutputErrorOf());

        double OutputErrorOf()
        {
            var given = images * etf.Scale;
            if (bias is not null && !options.Match)
                given = given + map.Apply(meanInput, FrameScale.One) + bias.detach().to(ScalarType.Float64, device) - meanTarget;
            var (wanted, got) = (normalization.Apply(t + offset), normalization.Apply(given + offset));
            var spread = bias is null ? wanted : wanted - wanted.mean([0], keepdim: true);
            var error = (wanted - got).norm().item<double>() / spread.norm().item<double>();
            return double.IsNaN(error) ? double.PositiveInfinity : error;
        }
    }

    private static FrameFit OfHead(SimplexEtf etf, Tensor? bias, Tensor x, Tensor t)
    {
        using var map = FrameOperator.Create(etf.Header, name => etf.FactorTensor(name).to(x.device));
        var given = map.Apply(x, new FrameScale(etf.Scale));
        if (bias is not null)
            given = given + bias;
        var spread = bias is null ? t : t - t.mean([0], keepdim: true);
        var error = (t - given).norm().item<double>() / spread.norm().item<double>();
        return new FrameFit(etf, bias?.DetachFromDisposeScope(), double.IsNaN(error) ? double.PositiveInfinity : error);
    }

    /// <summary>The frame with its scale (its directions those of what is shown), and the images of the sample under the frame with points
    /// of norm 1.</summary>
    private static (SimplexEtf Etf, Tensor Images) Choose(
        EtfFrame frame, FrameShape shape, Tensor w, Tensor x, Tensor t, Tensor shown, Func<FrameShape, long, bool> isCheaper)
    {
        if (frame.Kind is not (EtfFrameKind.Aligned or EtfFrameKind.Nearest))
        {
            var own = SimplexEtf.Create(frame, shape, 1);
            var images = Images(own, x);
            return (own.WithScale(NormScale(images, t, w, shape)), images);
        }

        // t^T x / N is W S where the inputs are the old ones; after earlier fixes it is the best map from the new inputs to the old
        // outputs.
        var cross = t.t().mm(x) / x.shape[0];
        if (frame.Kind is EtfFrameKind.Aligned
            && AlignedFrame.Align(cross, shown, frame.Energy, frame.Rank, shape) is { } alignment && isCheaper(shape, alignment.Rank))
        {
            var aligned = alignment.ToEtf(shape, 1);
            var images = Images(aligned, x);
            var scale = (t * images).sum().item<double>() / images.square().sum().item<double>();
            if (scale > 0 && double.IsFinite(scale))
                return (aligned.WithScale(scale), images);
        }

        return Nearest(shape, w, x, t, cross);
    }

    /// <summary>The frame whose outputs come nearest: of the polar factor and, where there is room, the frame that copies the map on the
    /// inputs.</summary>
    private static (SimplexEtf Etf, Tensor Images) Nearest(FrameShape shape, Tensor w, Tensor x, Tensor t, Tensor cross)
    {
        var energy = x.square().sum().item<double>() / x.numel();
        var matrix = energy > 0 ? cross + (w * (WeightShare * energy)) : w;
        Tensor?[] units = [NearestFrame.Polar(matrix, shape).Unit, OutputFrame.Fit(matrix, energy * WeightShare, x, shape)];
        var (etf, images) = units.OfType<Tensor>().Select(unit => NearestFrame.From(unit, shape, 1)).Select(etf => (etf, Images(etf, x)))
            .MaxBy(one => Overlap(one.Item2) / one.Item2.norm().item<double>());
        var scale = Overlap(images) / images.square().sum().item<double>();
        return (etf.WithScale(scale > 0 && double.IsFinite(scale) ? scale : NormScale(images, t, w, shape)), images);

        double Overlap(Tensor given) => (t * given).sum().item<double>();
    }

    /// <summary>Whether two skinny products are less work than the dense one; they run at about half its speed.</summary>
    internal static bool IsCheaper(FrameShape shape, long rank) =>
        2 * (shape.Rows + shape.Columns) * (rank + 1) <= shape.Rows * shape.Columns;

    private static Tensor Images(SimplexEtf unit, Tensor x)
    {
        using var map = FrameOperator.Create(unit.Header, name => unit.FactorTensor(name).to(x.device));
        return map.Apply(x, FrameScale.One);
    }

    /// <summary>The scale that keeps the outputs' norm; without usable outputs, the weight's norm; else 1.</summary>
    private static double NormScale(Tensor images, Tensor targets, Tensor weight, FrameShape shape)
    {
        var scale = targets.norm().item<double>() / images.norm().item<double>();
        if (scale > 0 && double.IsFinite(scale))
            return scale;
        scale = weight.norm().item<double>() / Math.Sqrt(shape.Points);
        return scale > 0 ? scale : 1;
    }

    private static FrameShape Validate(EtfFrame frame, Tensor weight, Tensor? bias, Tensor inputs, Tensor targets)
    {
        TensorCheck.Matrix(weight, nameof(weight));
        var (rows, columns) = (weight.shape[0], weight.shape[1]);
        var shape = FrameShape.For(frame, rows, columns, nameof(weight), nameof(weight));
        if (bias is not null)
        {
            TensorCheck.Finite(bias, nameof(bias));
            if (bias.dim() != 1 || bias.shape[0] != rows)
                throw new ArgumentException($"The bias has the shape {TensorCheck.Shape(bias)}; a weight of {rows} rows wants ({rows}).",
                    nameof(bias));
        }

        TensorCheck.Finite(inputs, nameof(inputs));
        TensorCheck.Finite(targets, nameof(targets));
        if (inputs.shape[^1] != columns || targets.shape[^1] != rows || inputs.numel() / columns != targets.numel() / rows)
            throw new ArgumentException(
                $"Inputs {TensorCheck.Shape(inputs)} and targets {TensorCheck.Shape(targets)} do not fit a weight of {rows} x {columns}: " +
                $"(N, {columns}) and (N, {rows}) are wanted.", nameof(inputs));
        return shape;
    }
}
