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
    private const int LoopsOfAPart = 100;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Observe_RandomLoop_FindsWhatTheReferenceFinds(int part)
    {
        for (var seed = part * LoopsOfAPart; seed < (part + 1) * LoopsOfAPart; seed++)
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
