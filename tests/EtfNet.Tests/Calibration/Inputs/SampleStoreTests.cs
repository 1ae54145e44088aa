using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

public sealed class SampleStoreTests
{
    /// <summary>A batch of 128 images of 224 x 224 is larger than what several batches may take together.</summary>
    [Fact]
    public void LargeBatches_OneWithLabelsIsKept() => Kept(2048, 3 * 224 * 224,
        (0.5, 130, true), (0.1, 7, true), (0.7, 130, true), (0.3, 130, true), (0.9, 300, false), (0.2, 300, false))
        .Should().Equal((0.3, 130L));

    /// <summary>As in semi-supervised training, whatever numbers are drawn.</summary>
    [Theory]
    [InlineData(0.1, 0.9)]
    [InlineData(0.9, 0.1)]
    public void UnlabeledBatchesBesideLabeledOnes_AreNotKept(double labeled, double unlabeled)
    {
        Kept(64, 8, (unlabeled, 112, false), (labeled, 16, true), (unlabeled / 2, 112, false)).Should().Equal((labeled, 16L));
        Kept(64, 8, (labeled, 16, true), (unlabeled, 112, false)).Should().Equal((labeled, 16L));
    }

    /// <summary>A batch norm has no variance over one sample.</summary>
    [Fact]
    public void BatchesOfOneSample_AreKeptOnlyIfThereAreNoOthers()
    {
        Kept(64, 8, (0.1, 1, true), (0.5, 16, true), (0.2, 1, true)).Should().Equal((0.5, 16L));
        Kept(64, 8, (0.1, 1, true), (0.2, 1, true)).Should().Equal((0.1, 1L), (0.2, 1L));
    }

    /// <summary>The batches that are kept of some, each of which is labeled, or not, before the next comes.</summary>
    private static List<(double Draw, long Rows)> Kept(int most, long width, params (double Draw, long Rows, bool IsLabeled)[] batches)
    {
        var store = new SampleStore(most);
        foreach (var (draw, rows, isLabeled) in batches)
        {
            using var scope = NewDisposeScope();
            using var forward = new Forward { Scopes = ScopeChain.Current() };
            var batch = new SampleBatch(forward, [empty([rows, width]).DetachFromDisposeScope()], draw);
            if (!store.Takes(draw, batch.Rows, batch.Bytes))
            {
                batch.Dispose();
                continue;
            }

            store.AddDrawn(batch);
            (batch.Forward, batch.Labels) = (null, isLabeled ? zeros(rows).DetachFromDisposeScope() : null);
            store.Settle();
        }

        var kept = store.Kept.Select(batch => (batch.Draw, batch.Rows)).ToList();
        store.Clear();
        return kept;
    }
}
