using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels.Autograd;

public sealed class GradientNodeTests
{
    /// <summary>A function of one input, twice its input, whose gradient can be told what to do.</summary>
    private sealed class Twice() : GradientNode(NativeTorch.Current!, NativeAutograd.Current!, 1)
    {
        public Func<Tensor, Tensor?> Gradient { get; set; } = gradient => gradient * 2;

        public Tensor Run(Tensor x)
        {
            using var noGrad = no_grad();
            return Record(x * 2, x, null);
        }

        protected override (Tensor? First, Tensor? Second) Backward(Tensor gradient) => (Gradient(gradient), null);
    }

    [Fact]
    public void Backward_OfANode_IsItsGradient()
    {
        using var scope = NewDisposeScope();
        var x = Sample.Normal(1, 3, 4).requires_grad_(true);
        var y = new Twice().Run(x);
        (y.requires_grad, y.is_leaf).Should().Be((true, false));
        y.square().sum().backward();
        Sample.Max(x.grad! - 8 * x.detach()).Should().BeLessThan(1e-14);
    }

    [Fact]
    public void Backward_ThatThrows_FailsTheBackwardPassOnly()
    {
        using var scope = NewDisposeScope();
        var node = new Twice { Gradient = _ => throw new NotSupportedException("broken") };
        var x = ones(3, requires_grad: true);
        var y = node.Run(x);
        List<string> said = [];
        KernelLog.Instance.Listen(said.Add);
        y.Invoking(y => y.sum().backward()).Should().Throw<ExternalException>().WithMessage("*gradients*");
        said.Should().ContainSingle().Which.Should().Contain("broken");
        // The next pass, of the very same node, is none the worse.
        node.Gradient = gradient => gradient * 2;
        node.Run(x).sum().backward();
        Sample.Max(x.grad! - 2).Should().Be(0);
    }

    [Fact]
    public void Backward_ThatGivesNothing_LeavesNoGradient()
    {
        using var scope = NewDisposeScope();
        var x = ones(3, requires_grad: true);
        new Twice { Gradient = _ => null }.Run(x).sum().backward();
        x.grad.Should().BeNull();
    }

    [Fact]
    public void Backward_NoGradientComes_GivesNone()
    {
        using var scope = NewDisposeScope();
        var x = ones(3, requires_grad: true);
        // The outer function asks for no gradient of its input, so that none reaches the inner.
        var inner = new Twice { Gradient = _ => throw new NotSupportedException("nothing came") };
        new Twice { Gradient = _ => null }.Run(inner.Run(x)).sum().backward();
        x.grad.Should().BeNull();
    }

    [Fact]
    public void Backward_NodeThatNobodyElseHolds_StaysUntilItsGraphIsGone()
    {
        var (held, reference) = Recorded();
        Collect();
        reference.IsAlive.Should().BeTrue("the graph needs it");
        held.Invoking(y => y.sum().backward()).Should().NotThrow();
        held.Dispose();
        Collect();
        reference.IsAlive.Should().BeFalse("nothing needs it any more");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (Tensor Output, WeakReference Node) Recorded()
        {
            using var scope = NewDisposeScope();
            var node = new Twice();
            return (node.Run(ones(3, requires_grad: true)).DetachFromDisposeScope(), new WeakReference(node));
        }

        static void Collect()
        {
            for (var i = 0; i < 3; i++)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        }
    }

    [Fact]
    public void Record_OfIntegers_RecordsNothing()
    {
        using var scope = NewDisposeScope();
        var x = ones(3, requires_grad: true);
        var y = new Twice().Record(ones(3, dtype: int64), x, null);
        (y.requires_grad, y.sum().item<long>()).Should().Be((false, 3));
    }

    [Fact]
    public void Passes_OnSeveralThreads_AreRight()
    {
        var node = new Twice();
        var wrong = 0;
        var threads = Enumerable.Range(1, 4).Select(factor => new Thread(() =>
        {
            for (var pass = 0; pass < 300; pass++)
            {
                using var scope = NewDisposeScope();
                var x = ones(5, requires_grad: true);
                (node.Run(x) * factor).sum().backward();
                if (Sample.Max(x.grad! - 2 * factor) != 0)
                    Interlocked.Increment(ref wrong);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        wrong.Should().Be(0);
    }

    [Fact]
    public void Passes_Many_LeaveNoTensorAndNoMemory()
    {
        using var x = ones(1000, requires_grad: true);
        var node = new Twice();
        long tensors = 0, bytes = 0;
        for (var pass = 0; pass < 3000; pass++)
        {
            if (pass == 1000)
                (tensors, bytes) = (DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, NativeHeap.Allocated());
            using (NewDisposeScope())
                node.Run(x).sum().backward();
            x.grad = null;
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(tensors);
        (NativeHeap.Allocated() - bytes).Should().BeLessThan(2_000_000, "a gradient left behind by each pass would be 8 MB");
    }
}
