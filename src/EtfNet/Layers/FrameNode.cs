using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The calls of one frame as a node of autograd's graph, by libtorch's own functions: what <see cref="FrameFunction"/> is without them.
/// </summary>
internal sealed class FrameNode(NativeTorch torch, NativeAutograd autograd, FrameCall call, bool hasBias)
    : GradientNode(torch, autograd, hasBias ? 2 : 1)
{
    /// <summary>The nodes of an operator: one for each kind of call that a training makes.</summary>
    private static readonly ConditionalWeakTable<FrameOperator, FrameNode[]> s_ofOperator = [];

    /// <summary>The node of a call; null where libtorch or TorchSharp lacks the functions.</summary>
    public static FrameNode? Of(FrameCall call, bool hasBias)
    {
        if (NativeAutograd.Current is not { } autograd)
            return null;
        var known = s_ofOperator.TryGetValue(call.Operator, out var nodes) ? nodes : [];
        foreach (var node in known)
            if (node.Is(call, hasBias))
                return node;
        // Replaced whole: two threads at the same layer at worst make one node twice. A scale that was loaded makes those before it
        // useless.
        var made = new FrameNode(NativeTorch.Current!, autograd, call, hasBias);
        s_ofOperator.AddOrUpdate(call.Operator, [.. known.Where(node => ReferenceEquals(node.Scale, call.Scale)), made]);
        return made;
    }

    private FrameScale Scale => call.Scale;

    /// <summary>Applies the frame, recorded.</summary>
    public Tensor Run(Tensor x, Tensor? bias)
    {
        using var noGrad = no_grad();
        return Record(call.Apply(x, bias), x, bias);
    }

    protected override (Tensor? First, Tensor? Second) Backward(Tensor gradient)
    {
        var again = is_grad_enabled() && gradient.requires_grad;
        return (
            !call.NeedsInput ? null : again ? FrameFunction.Record(gradient, null, call.Adjoint) : call.Adjoint.Apply(gradient),
            call.NeedsBias ? call.Operator.BiasGradient(gradient) : null);
    }

    private bool Is(FrameCall other, bool otherHasBias) => call == other && hasBias == otherHasBias;
}
