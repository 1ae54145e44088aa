using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One application of a frame, as its gradient needs it again.</summary>
internal sealed record FrameCall(FrameOperator Operator, FrameScale Scale, bool IsAdjoint, bool NeedsInput, bool NeedsBias)
{
    public Tensor Apply(Tensor x, Tensor? bias = null) => IsAdjoint ? Operator.ApplyAdjoint(x, Scale) : Operator.Apply(x, Scale, bias);

    public FrameCall Adjoint => this with { IsAdjoint = !IsAdjoint, NeedsInput = true, NeedsBias = false };
}

/// <summary>
/// y = s E x + b with its analytic gradient: x' = s E^T y', b' = sum of y'. Nothing is saved for the backward pass, not even x, and a
/// gradient that
/// nobody needs is not computed. The gradient is itself such an application, so it can be differentiated again. Operators that record
/// themselves go
/// without it.
/// </summary>
internal sealed class FrameFunction : autograd.SingleTensorFunction<FrameFunction>
{
    private const string Key = "call";

    /// <summary>
    /// What the last backward on this thread returned. The engine copies these handles only after the managed call has returned, so they
    /// must not be
    /// collected before; and on the engine's own threads no dispose scope would ever release them.
    /// </summary>
    [ThreadStatic]
    private static List<Tensor?>? s_returned;

    public override string Name => nameof(FrameFunction);

    /// <summary>
    /// Applies a frame, recording a gradient only if one is needed. Call it in a scope of its own: TorchSharp leaves tensors behind, one of
    /// the
    /// output's size among them.
    /// </summary>
    /// <param name="x">N x in, or maps where the operator takes maps.</param>
    /// <param name="bias">out, or null.</param>
    /// <param name="map">The frame with points of norm 1.</param>
    /// <param name="scale">s.</param>
    /// <returns>N x out, or maps, of the current scope.</returns>
    public static Tensor Run(Tensor x, Tensor? bias, FrameOperator map, FrameScale scale)
    {
        var (needsInput, needsBias) = (x.requires_grad, bias is { requires_grad: true });
        if ((!needsInput && !needsBias) || !is_grad_enabled() || map.RecordsItself(x))
            return map.Apply(x, scale, bias);
        return Record(x, bias, new FrameCall(map, scale, false, needsInput, needsBias));
    }

    /// <summary>Applies a frame in a call that autograd remembers.</summary>
    internal static Tensor Record(Tensor x, Tensor? bias, FrameCall call)
    {
        using var scope = NewDisposeScope();
        var input = Viewed(x);
        return (FrameNode.Of(call, bias is not null) is { } node ? node.Run(input, bias) : apply(input, bias!, call))
            .MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var call = (FrameCall)vars[2];
        ctx.save_data(Key, call);
        ctx.set_materialize_grads(false);
        return call.Apply((Tensor)vars[0], vars[1] as Tensor);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        s_returned?.ForEach(tensor => tensor?.Dispose());
        s_returned = null;
        if (grad_output.IsInvalid)
            return [null!, null!, null!];

        var call = (FrameCall)ctx.get_data(Key);
        var again = is_grad_enabled() && grad_output.requires_grad;
        var input = !call.NeedsInput ? null : again ? Record(grad_output, null, call.Adjoint) : call.Adjoint.Apply(grad_output);
        var bias = call.NeedsBias ? call.Operator.BiasGradient(grad_output) : null;
        s_returned = [input, bias];
        if (!again)
            grad_output.Dispose();
        return [input!, bias!, null!];
    }

    /// <summary>A leaf takes its gradient over without copying it where that has one owner: a view between it and this function sees to
    /// that.</summary>
    private static Tensor Viewed(Tensor x) => x is { requires_grad: true, is_leaf: true } ? x.view(x.shape) : x;
}
