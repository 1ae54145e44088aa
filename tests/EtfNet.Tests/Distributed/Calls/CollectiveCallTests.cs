using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

public sealed class CollectiveCallTests
{
    private static readonly CollectiveCall s_call = new(CallKind.SumOfFloats, 1_000_000_007, 3, "gradients");

    public static TheoryData<string> Purposes =>
        ["", "step", new string('x', 300), new string('ä', 57) + "bc", string.Concat(Enumerable.Repeat("collapsé 🙂 ", 30))];

    [Theory]
    [MemberData(nameof(Purposes))]
    public void Decode_Encoded_GivesTheCall_ItsPurposeCutAtAWholeCharacter(string purpose)
    {
        var bytes = (s_call with { Purpose = purpose }).Encode();
        bytes.Should().HaveCount(CollectiveCall.EncodedLength);
        var decoded = CollectiveCall.Decode(bytes);
        (decoded with { Purpose = "" }).Should().Be(s_call with { Purpose = "" });
        purpose.Should().StartWith(decoded.Purpose);
        decoded.Purpose.Length.Should().BeGreaterThanOrEqualTo(Math.Min(purpose.Length, 25));
        decoded.Signature.Should().Be((s_call with { Purpose = purpose }).Signature, "it is of what others see");
    }

    [Fact]
    public void Signature_AnyPartDiffers_Differs()
    {
        CollectiveCall[] calls =
        [
            s_call, s_call with { Kind = CallKind.SumOfDoubles }, s_call with { Count = 1_000_000_006 }, s_call with { Count = -1 },
            s_call with { Root = 2 }, s_call with { Purpose = "statistics" }, CollectiveCall.Leave,
        ];
        calls.Select(call => call.Signature).Should().OnlyHaveUniqueItems().And.OnlyContain(signature => signature >= 0);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void Broadcast_RootIsNoRank_Throws(int root) =>
        FluentActions.Invoking(() => CollectiveCall.Broadcast(1, root, 2, "")).Should().Throw<ArgumentOutOfRangeException>()
            .WithMessage("*from 0 to 1*");

    [Fact]
    public void ToString_EveryKind_SaysWhatAndWhy()
    {
        new CollectiveCall(CallKind.SumOfFloats, 1, 0, "step").ToString().Should().Be("sum of 1 float (step)");
        new CollectiveCall(CallKind.SumOfDoubles, 2, 0, "").ToString().Should().Be("sum of 2 doubles");
        new CollectiveCall(CallKind.Broadcast, 7, 1, "plan").ToString().Should().Be("broadcast of 7 bytes from rank 1 (plan)");
        new CollectiveCall(CallKind.Barrier, 0, 0, "start").ToString().Should().Be("barrier (start)");
    }
}
