using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Kernels;

public sealed unsafe class TorchThreadsTests
{
    [Fact]
    public void For_AnyCountGrainAndThreads_TakesEachPieceOnce()
    {
        foreach (var threads in new[] { 1, 2, 3 })
            foreach (var count in new long[] { 0, 1, 2, 7, 64, 1000 })
                foreach (var grain in new long[] { 1, 3, 64, 5000 })
                    foreach (var isNative in new[] { true, false })
                        Threads.Run(threads, () => Taken(count, grain, isNative)).Should()
                            .Equal(Enumerable.Repeat(1, (int)count), "{0} pieces by {1} on {2}", count, grain, threads);
    }

    [Fact]
    public void For_WithoutLibtorchsFunctions_StaysOnItsThread()
    {
        var seen = new HashSet<int>();
        using (NativeTorch.Force(null))
            Threads.Run(3, () =>
            {
                TorchThreads.For(100, _ => seen.Add(Environment.CurrentManagedThreadId));
                return 0;
            });
        seen.Should().Equal(Environment.CurrentManagedThreadId);
    }

    [Fact]
    public void For_SeveralThreads_RunOnMoreThanOne()
    {
        var seen = new System.Collections.Concurrent.ConcurrentDictionary<int, bool>();
        Threads.Run(3, () =>
        {
            TorchThreads.For(300, _ => seen[Environment.CurrentManagedThreadId] = true);
            return 0;
        });
        seen.Keys.Should().HaveCountGreaterThan(1);
    }

    [Theory]
    [InlineData(1), InlineData(3)]
    public void For_APieceThrows_ItsCallerGetsTheVeryException(int threads)
    {
        var thrown = new NotSupportedException("this one");
        var run = () => Threads.Run(threads, () =>
        {
            TorchThreads.For(30, piece =>
            {
                if (piece % 10 == 5)
                    throw thrown;
            });
            return 0;
        });
        for (var again = 0; again < 20; again++)
            run.Should().Throw<NotSupportedException>().Which.Should().BeSameAs(thrown);
        Threads.Run(threads, () => Taken(100, 1, true)).Should().OnlyContain(times => times == 1, "the threads work on");
    }

    [Fact]
    public void For_Nested_RunsInside()
    {
        var sum = 0;
        Threads.Run(2, () =>
        {
            TorchThreads.For(4, _ => TorchThreads.For(5, _ => Interlocked.Increment(ref sum)));
            return 0;
        });
        sum.Should().Be(20);
    }

    [Fact]
    public void For_ManyCallersAtOnce_KeepTheirWorkApart()
    {
        var counts = new int[4];
        var callers = Enumerable.Range(0, counts.Length).Select(caller => new Thread(() =>
        {
            // Its own number of threads: that of the process may be one.
            torch.set_num_threads(2);
            for (var again = 0; again < 100; again++)
                TorchThreads.For(50, _ => Interlocked.Increment(ref counts[caller]));
        })).ToList();
        // A thread that is new to torch takes the number that was set last, by whichever thread: the next tests are to have theirs back.
        Threads.Run(2, () =>
        {
            callers.ForEach(caller => caller.Start());
            callers.ForEach(caller => caller.Join());
            return 0;
        });
        counts.Should().OnlyContain(count => count == 5000);
    }

    /// <summary>How often each piece was taken.</summary>
    private static int[] Taken(long count, long grain, bool isNative)
    {
        var times = new int[count];
        using var forced = isNative ? null : NativeTorch.Force(null);
        fixed (int* first = times)
            TorchThreads.For(count, grain, &Count, first);
        return times;
    }

    private static void Count(long begin, long end, void* job)
    {
        for (var i = begin; i < end; i++)
            Interlocked.Increment(ref ((int*)job)[i]);
    }
}
