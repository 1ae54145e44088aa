using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A sum over all ranks in float64, with its gradient: what a rank adds counts in the losses of all of them.</summary>
internal sealed class RankSum : autograd.SingleTensorFunction<RankSum>
{
    private const string Key = "call";

    /// <summary>What the last backward on this thread returned: the engine copies the handle after the managed call has returned.</summary>
    [ThreadStatic]
    private static Tensor? s_returned;

    public override string Name => nameof(RankSum);

    /// <summary>Sums a tensor over the ranks.</summary>
    /// <param name="values">float64, of the same shape on all ranks.</param>
    /// <param name="call">The ranks, and what the sum is for.</param>
    /// <returns>The sum, the same bits on all ranks; of the current scope.</returns>
    /// <exception cref="CollectiveException">The ranks made different calls, or a rank is missing, has left or has failed.</exception>
    public static Tensor Run(Tensor values, RankSumCall call)
    {
        using var scope = NewDisposeScope();
        return (values.requires_grad && is_grad_enabled() ? apply(values, call) : Sum(values, call.Ranks, call.Purpose))
            .MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var call = (RankSumCall)vars[1];
        ctx.save_data(Key, call);
        return Sum((Tensor)vars[0], call.Ranks, call.Purpose);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        var call = (RankSumCall)ctx.get_data(Key);
        s_returned?.Dispose();
        try
        {
            // The reduction will multiply what this rank returns by its own weight; the other ranks' losses count with theirs.
            using var weighted = grad_output * call.Weight;
            s_returned = Sum(weighted, call.Ranks, $"gradient of {call.Purpose}").DetachFromDisposeScope();
            if (call.Weight > 0)
                s_returned.div_(call.Weight);
        }
        catch (Exception exception)
        {
            // An exception that crosses native code ends the process: it waits for the next call, and nothing trains on this gradient.
            call.Failed(exception);
            s_returned = full_like(grad_output, double.NaN).DetachFromDisposeScope();
        }

        return [s_returned, null!];
    }

    private static Tensor Sum(Tensor values, ICollective ranks, string purpose)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var sum = values.detach().cpu().contiguous().clone();
        ranks.Sum(MemoryMarshal.Cast<byte, double>(sum.bytes), purpose);
        return sum.to(values.device).MoveToOuterDisposeScope();
    }
}
