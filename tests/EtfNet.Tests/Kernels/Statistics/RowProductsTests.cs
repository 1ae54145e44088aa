using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Kernels.Statistics;

public sealed unsafe class RowProductsTests
{
    [Fact]
    public void Multiply_AnyStrideCountAndWidth_AreAllInnerProducts()
    {
        foreach (var stride in new[] { 16, 48, 256, 272 })
            for (var count = 1; count < 8; count++)
            {
                var random = new Random(count);
                var (rows, centers) = (Numbers(4 * stride), Numbers(count * stride));
                Widths.Each(width =>
                {
                    var products = new float[(4 * count) + 1];
                    products[^1] = 9;
                    fixed (float* row = rows, center = centers, target = products)
                        RowProducts.For(stride).Multiply(row, center, stride, count, target);
                    for (var r = 0; r < 4; r++)
                        for (var k = 0; k < count; k++)
                            products[r * count + k].Should().BeApproximately(
                                Enumerable.Range(0, stride).Sum(i => rows[r * stride + i] * centers[k * stride + i]), 2e-5f, "{0}", width);
                    products[^1].Should().Be(9);
                    fixed (float* row = rows, center = centers)
                        RowProducts.For(stride).Product(row + stride, center, stride)
                            .Should().BeApproximately(products[count], 1e-5f, "{0}", width);
                });

                float[] Numbers(int length) => [.. Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() - 0.5))];
            }
    }
}
