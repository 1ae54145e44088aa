using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The module that a closed-form head becomes, except for its numbers.</summary>
/// <param name="Width">The features after pooling.</param>
/// <param name="Classes">The classes.</param>
/// <param name="Pooling">How outputs become features; flatten where they are features already.</param>
internal sealed record HeadShape(int Width, int Classes, FeaturePooling Pooling)
{
    /// <summary>Whether the module is a plain <c>Linear</c>.</summary>
    public bool IsPlain => Pooling == FeaturePooling.EachPosition;

    /// <summary>The pooling that a head needs for a layer's output.</summary>
    /// <returns>The pooling; <see cref="FeaturePooling.EachPosition"/> where a <c>Linear</c> takes the output as it is; null where none
    /// does.</returns>
    public static FeaturePooling? PoolingOf((long Rank, FeatureLayout Layout, FeaturePooling Pooling) pooled) => pooled switch
    {
        { Rank: 2 } => FeaturePooling.EachPosition,
        { Rank: < 2 } => null,
        { Pooling: FeaturePooling.EachPosition, Layout: FeatureLayout.ChannelsFirst } => null,
        _ => pooled.Pooling,
    };

    /// <summary>The module of a given weight and bias, outside every scope.</summary>
    public nn.Module<Tensor, Tensor> Create(Tensor weight, Tensor bias, Device? device)
    {
        var linear = nn.Linear(new Parameter(weight.contiguous()), new Parameter(bias));
        nn.Module<Tensor, Tensor> head = IsPlain ? linear : new PooledHead(linear, Pooling);
        OwnedState.Keep(head, device);
        return head;
    }

    /// <summary>The module with zeros, to be filled.</summary>
    public nn.Module<Tensor, Tensor> CreateBlank(ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var recording = inference_mode(false);
        return Create(zeros(Classes, Width, dtype: dtype), zeros(Classes, dtype: dtype), device);
    }

    /// <summary>Whether a module is what this makes.</summary>
    public bool IsMetBy(nn.Module module) =>
        (IsPlain ? module : (module as PooledHead)?.Classifier) is Linear linear && (IsPlain || ((PooledHead)module).Pooling == Pooling)
        && linear.in_features == Width && linear.out_features == Classes && linear.bias is not null;
}
