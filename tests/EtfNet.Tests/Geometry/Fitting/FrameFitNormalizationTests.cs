using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class FrameFitNormalizationTests
{
    [Theory]
    [InlineData(16, 96)]
    [InlineData(24, 24)]
    [InlineData(40, 24)]
    public void To_BatchNormFollowsALayerWithoutBias_MeansDoNotMatter(long rows, long columns)
    {
        using var scope = NewDisposeScope();
        var weight = Sample.Normal(1, rows, columns);
        var inputs = Sample.Normal(2, 4000, columns).mm(Sample.Normal(3, columns, columns) / Math.Sqrt(columns));
        var options = new FrameFitOptions { Normalization = OutputNormalization.Features };
        foreach (var frame in new[] { EtfFrame.Nearest, EtfFrame.Aligned(4), EtfFrame.Random(3) })
        {
            FrameFit Fit(Tensor x) => FrameFit.To(frame.OrColumns, weight, null, x, x.mm(weight.t()), options);
            var centered = Fit(inputs - inputs.mean([0], keepdim: true));
            var shifted = Fit(inputs + (10 * Sample.Normal(4, columns)));

            shifted.OutputError.Should().BeApproximately(centered.OutputError, 1e-6, "{0}", frame);
            Sample.Max(shifted.Etf.ToTensor() - centered.Etf.ToTensor()).Should().BeLessThan(1e-5, "{0}", frame);
        }
    }
}
