using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class LowRankOrthogonalTests
{
    [Theory]
    [InlineData(12, 1)]
    [InlineData(12, 5)]
    [InlineData(12, 12)]
    [InlineData(40, 25)]
    public void Sending_AnyTwoBases_IsOrthogonalAndSendsOneToTheOther(long size, long count)
    {
        using var scope = NewDisposeScope();
        var (from, to) = (Sample.Orthonormal(1, size, count), Sample.Orthonormal(2, size, count));
        var (p, m) = LowRankOrthogonal.Sending(from, to);
        var rotation = eye(size, dtype: ScalarType.Float64) - p.mm(m).mm(p.t());
        Sample.Max(rotation.mm(from) - to).Should().BeLessThan(1e-12);
        Sample.Max(rotation.mm(rotation.t()) - eye(size, dtype: ScalarType.Float64)).Should().BeLessThan(1e-12);
        p.shape[1].Should().BeInRange(1, count);
    }

    [Fact]
    public void Sending_SharedDirections_DropOut()
    {
        using var scope = NewDisposeScope();
        var basis = Sample.Orthonormal(1, 12, 8);
        var (from, to) = (basis.narrow(1, 0, 4), cat([basis.narrow(1, 0, 3), basis.narrow(1, 6, 1)], 1));
        LowRankOrthogonal.Sending(from, from).P.shape.Should().Equal(12, 0);
        LowRankOrthogonal.Sending(from, to).P.shape.Should().Equal(12, 1);
    }
}
