using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The loss for a fixed classifier that pulls a feature toward the row of its own class and does not push it away from other rows: <c>l_y
/// (z_y - t)^2 / (2 t)</c>.
/// </summary>
/// <remarks>
/// <para>Shapes: logits <c>(*, K)</c>, labels <c>(*)</c>. z_y is the logit of the sample's own class, and t is the value of this logit if
/// the feature points along the row. The gradient on an <see cref="EtfHead"/>'s normalized feature is <c>-(1 - cos) w_y</c>, which is 0
/// only at the row itself.</para>
/// <para>l_y is the length of the class's row relative to the others, 1 without <c>classLengths</c>. The reduction by mean divides by the
/// number of samples, whatever their lengths. Source: Yang et al., NeurIPS 2022 (arXiv 2203.09081). Their published program does not divide
/// by the row's length, and so weights a class by the square of this length: <see cref="ClassLengths"/> with power 1 does the same.</para>
/// </remarks>
public sealed class DotRegressionLoss : nn.Module<Tensor, Tensor, Tensor>
{
    private const string LengthsName = "class_lengths";

    private readonly nn.Reduction _reduction;
    private readonly long _ignoreIndex;
    private readonly Scalar _target;
    private readonly Scalar _factor;
    private readonly int? _classCount;

    /// <summary>Makes the loss.</summary>
    /// <param name="target">t, positive and finite: <see cref="EtfHead.TargetLogit"/>. The default is 1.</param>
    /// <param name="classLengths">A positive finite number per class, as from <see cref="ClassLengths.Of"/>; or null for 1 each.</param>
    /// <param name="reduction">The default is the mean.</param>
    /// <param name="ignoreIndex">The label of samples that do not count. The default is -100.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The target or a length is not positive and finite, or the reduction is not a defined one.
    /// </exception>
    /// <exception cref="ArgumentException">There are no lengths in <paramref name="classLengths"/>.</exception>
    public DotRegressionLoss(
        double target = 1, IReadOnlyList<double>? classLengths = null, nn.Reduction reduction = nn.Reduction.Mean, long ignoreIndex = -100)
        : base(nameof(DotRegressionLoss))
    {
        if (!(target > 0 && double.IsFinite(target)))
            throw new ArgumentOutOfRangeException(nameof(target), target, "Must be positive and finite: the head's TargetLogit.");
        if (!Enum.IsDefined(reduction))
            throw new ArgumentOutOfRangeException(nameof(reduction), reduction, "Must be none, mean or sum.");
        if (classLengths is { Count: 0 })
            throw new ArgumentException("There is no length; wanted one per class.", nameof(classLengths));
        for (var c = 0; c < classLengths?.Count; c++)
            if (!(classLengths[c] > 0 && double.IsFinite(classLengths[c])))
                throw new ArgumentOutOfRangeException(
                    nameof(classLengths), classLengths[c], $"The length of class {c} must be positive and finite.");
        (_reduction, _ignoreIndex, _target, _factor, _classCount) = (reduction, ignoreIndex, target, 0.5 / target, classLengths?.Count);
        if (classLengths is not null)
            register_buffer(LengthsName, tensor(classLengths.Select(length => (float)length).ToArray()).DetachFromDisposeScope());
    }

    /// <summary>The loss of a batch.</summary>
    /// <param name="input">Logits <c>(*, K)</c>, of a floating type.</param>
    /// <param name="labels">Class indices <c>(*)</c>, int64 or int32, on the device of the logits.</param>
    /// <returns>A scalar, or for <c>nn.Reduction.None</c> one number per label. 0 if no sample counts.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">
    /// The shapes do not fit, the labels are not integers, or the number of classes is not the number of lengths.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">A label on the CPU is not in [0, K). Labels on another device are not
    /// checked.</exception>
    public override Tensor forward(Tensor input, Tensor labels)
    {
        Check(input, labels);
        using var scope = NewDisposeScope();
        var classes = labels.dtype == ScalarType.Int64 ? labels : labels.to(ScalarType.Int64);
        var counts = classes.ne(_ignoreIndex);
        classes = classes.masked_fill(counts.logical_not(), 0);
        if (classes.device_type == DeviceType.CPU && classes.lt(0).logical_or(classes.ge(input.size(-1))).any().item<bool>())
            throw new ArgumentOutOfRangeException(nameof(labels), $"A label is not in [0, {input.size(-1)}), the classes of the logits.");

        var own = input.gather(-1, classes.unsqueeze(-1)).squeeze(-1);
        var losses = (own - _target).square() * _factor;
        if (_classCount is not null)
            losses = losses * Lengths(losses).index_select(0, classes.reshape(-1)).reshape(classes.shape);
        losses = losses.masked_fill(counts.logical_not(), 0);
        var result = _reduction switch
        {
            nn.Reduction.None => losses,
            nn.Reduction.Sum => losses.sum(),
            _ => losses.sum() / counts.sum().clamp_min(1),
        };
        return result.MoveToOuterDisposeScope();
    }

    private Tensor Lengths(Tensor like) => get_buffer(LengthsName)!.to(like.dtype, like.device);

    private void Check(Tensor input, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(labels);
        if (!is_floating_point(input.dtype))
            throw new ArgumentException($"The logits are {input.dtype}; wanted a floating point type.", nameof(input));
        if (labels.dtype is not (ScalarType.Int64 or ScalarType.Int32))
            throw new ArgumentException($"The labels are {labels.dtype}; wanted class indices of type Int64 or Int32.", nameof(labels));
        if (input.dim() == 0 || !input.shape.AsSpan(0, (int)input.dim() - 1).SequenceEqual(labels.shape))
            throw new ArgumentException(
                $"The labels have the shape {TensorCheck.Shape(labels)}, the logits {TensorCheck.Shape(input)}; wanted a label per row.",
                nameof(labels));
        if (_classCount is { } known && known != input.size(-1))
            throw new ArgumentException($"The logits have {input.size(-1)} classes and the loss {known} lengths.", nameof(input));
        if (labels.device_type != input.device_type || labels.device_index != input.device_index)
            throw new ArgumentException(
                $"The labels are on {labels.device}, the logits on {input.device}. Move one of them with .to(...).", nameof(labels));
    }
}
