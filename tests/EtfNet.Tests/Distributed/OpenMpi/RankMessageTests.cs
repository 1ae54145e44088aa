using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

public sealed class RankMessageTests
{
    [Fact]
    public void Decode_Encoded_GivesTheMessage()
    {
        foreach (var kind in (RankMessageKind[])[RankMessageKind.Ask, RankMessageKind.Here, RankMessageKind.Left])
            RankMessage.Decode(new RankMessage(kind).Encode()).Should().Be(new RankMessage(kind));

        var sent = new CollectiveException(CollectiveError.Timeout, [3, 70_000], "Zu spät.");
        var failure = RankMessage.Decode(new RankMessage(RankMessageKind.Failed, sent).Encode()).Failure!;
        (failure.Error, failure.Message).Should().Be((CollectiveError.Timeout, "Zu spät."));
        failure.Ranks.Should().Equal(3, 70_000);
    }

    [Fact]
    public void Encode_LongTextAndManyRanks_StaysShort()
    {
        var long_ = new CollectiveException(CollectiveError.RankFailed, [.. Enumerable.Range(0, 5000)], new string('é', 100_000));
        var bytes = new RankMessage(RankMessageKind.Failed, long_).Encode();
        bytes.Length.Should().BeLessThan(4000, "MPI sends so much at once");
        var failure = RankMessage.Decode(bytes).Failure!;
        failure.Ranks.Should().HaveCount(64);
        failure.Message.Should().StartWith("ééé").And.EndWith("...");
    }
}
