using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

public sealed class EvenRowsTests
{
    [Theory]
    [InlineData(128, 50, 256)]
    [InlineData(6, 4, 12)]
    [InlineData(64, 49, 448)]
    [InlineData(300, 1, 100)]
    [InlineData(3, 5, 100)]
    public void Some_OfTokenSequences_MeetsEveryToken(int samples, int tokens, int most)
    {
        using var scope = NewDisposeScope();
        var features = arange(tokens).reshape(1, tokens, 1).expand(samples, tokens, 1);

        using var rows = EvenRows.Some(features, most);

        rows.shape[0].Should().BeInRange(Math.Min(most, samples * tokens) / 2, most);
        rows.data<long>().Distinct().Should().HaveCount(tokens);
    }
}
