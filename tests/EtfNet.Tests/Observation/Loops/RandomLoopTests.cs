using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Loops;

/// <summary>
/// Accumulation, views, penalties, validation, threads, exceptions, refusals in random order: rows, scores and errors against a reference
/// that keeps everything.
/// </summary>
public sealed class RandomLoopTests
{
    [Fact]
    public void Observe_RandomLoop_FindsWhatTheReferenceFinds() => Check(firstSeed: 0, loops: 100);

    [Fact]
    [Trait("Category", "Long")]
    public void Observe_ManyRandomLoops_FindsWhatTheReferenceFinds() => Check(firstSeed: 100, loops: 400);

    private static void Check(int firstSeed, int loops)
    {
        for (var seed = firstSeed; seed < firstSeed + loops; seed++)
        {
            var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            bool crossing;
            using (NewDisposeScope())
            using (var loop = new RandomLoop(seed))
            {
                loop.Run();
                crossing = loop.UsesThreads;
            }

            if (!crossing)
                DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live, "loop {0}", seed);
        }
    }
}
