using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class KroneckerOrthogonalTests
{
    /// <summary>Bits of an independent implementation, in plain Python floats: composite width, prime width, small width, a width of unlike
    /// factors.</summary>
    [Theory]
    [InlineData(48, 7, "F7E4CE23BBD69025")]
    [InlineData(101, -3, "94609256043EFF67")]
    [InlineData(13, 0, "A9D14DC9BC42C7FE")]
    [InlineData(514, 1, "2590145B2A43E09A")]
    public void Create_SameSeed_IsBitForBitThatOfAnyMachine(int width, long seed, string hash)
    {
        var rotation = KroneckerOrthogonal.Create(width, seed);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var block in rotation.Blocks)
        {
            sha.AppendData(MemoryMarshal.AsBytes<double>(block.Left));
            sha.AppendData(MemoryMarshal.AsBytes<double>(block.Right));
        }

        if (rotation.Permutation is { } permutation)
            sha.AppendData(MemoryMarshal.AsBytes<int>(permutation));
        Convert.ToHexString(sha.GetHashAndReset())[..16].Should().Be(hash);
    }

    [Theory]
    [InlineData(48)]
    [InlineData(64)]
    [InlineData(101)]
    [InlineData(514)]
    public void Operator_AnyWidth_IsTheProductOfItsBlocks(int width)
    {
        using var scope = NewDisposeScope();
        var shape = new FrameShape(width, width, false);
        var rotation = KroneckerOrthogonal.Create(width, 5);
        var matrix = eye(width, dtype: ScalarType.Float64);
        for (var i = 0; i < rotation.Blocks.Count; i++)
        {
            var block = rotation.Blocks[i];
            var whole = eye(width, dtype: ScalarType.Float64);
            var kron = torch.kron(tensor(block.Left, [block.A, block.A]), tensor(block.Right, [block.B, block.B]));
            whole.narrow(0, block.Start, block.Length).narrow(1, block.Start, block.Length).copy_(kron);
            if (i == 1)
                matrix = matrix.index_select(0, tensor(Array.ConvertAll(rotation.Permutation!, p => (long)p)));
            matrix = whole.mm(matrix);
        }

        Sample.Max(matrix.mm(matrix.t()) - eye(width, dtype: ScalarType.Float64)).Should().BeLessThan(1e-13);
        using var map = new KroneckerOperator(shape, 5);
        var x = Sample.Normal(1, 3, width);
        var turned = x.mm(matrix.t());
        Sample.Max(map.Apply(x, FrameScale.One) - shape.Norm * (turned - turned.mean([1], keepdim: true))).Should().BeLessThan(1e-12);
        var centered = x - x.mean([1], keepdim: true);
        Sample.Max(map.ApplyAdjoint(x, FrameScale.One) - shape.Norm * centered.mm(matrix)).Should().BeLessThan(1e-12);
    }

    [Fact]
    public void Create_AnyWidth_FactorsStaySmallAndOrthogonal()
    {
        foreach (var width in (int[])[1, 2, 3, 17, 97, 400, 509, 1000, 1021, 1024, 2048, 4099])
        {
            using var scope = NewDisposeScope();
            var rotation = KroneckerOrthogonal.Create(width, 3);
            foreach (var block in rotation.Blocks)
            {
                block.Length.Should().BeInRange(width / 2 + 1, width);
                (block.A + block.B).Should().BeLessThanOrEqualTo((int)(4 * Math.Sqrt(width)) + 13);
                foreach (var (values, size) in new[] { (block.Left, block.A), (block.Right, block.B) })
                {
                    var factor = tensor(values, [size, size]);
                    Sample.Max(factor.mm(factor.t()) - eye(size, dtype: ScalarType.Float64)).Should().BeLessThan(1e-14);
                }
            }
        }
    }

    [Fact]
    public void Create_LargeWidth_StaysUnderOneMebibyte()
    {
        const int Width = 16384;
        foreach (var frame in new[] { EtfFrame.Identity, EtfFrame.Random(1) })
        {
            var tensors = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            var before = GC.GetAllocatedBytesForCurrentThread();
            using var layer = new SimplexEtfLinear(Width, Width, frame, hasBias: false);
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1 << 20);
            (DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount - tensors).Should().Be(1, "the state is one tensor");
            layer.state_dict().Values.Single().numel().Should().Be(7);
        }
    }

    /// <summary>Haar's measure: the entries of a rotation of R^n have mean 0 and variance 1/n, and the trace has mean 0 and variance
    /// 1.</summary>
    [Fact]
    public void HaarOrthogonal_OverSeeds_HasTheMomentsOfHaarsMeasure()
    {
        const int Size = 4;
        const int Count = 4000;
        var first = 0.0;
        var square = 0.0;
        var trace = 0.0;
        var traceSquare = 0.0;
        for (var seed = 0; seed < Count; seed++)
        {
            var rotation = HaarOrthogonal.Create(Size, seed, 1);
            first += rotation[1] / Count;
            square += rotation[0] * rotation[0] / Count;
            var sum = rotation[0] + rotation[5] + rotation[10] + rotation[15];
            trace += sum / Count;
            traceSquare += sum * sum / Count;
        }

        first.Should().BeApproximately(0, 0.04);
        square.Should().BeApproximately(0.25, 0.02);
        trace.Should().BeApproximately(0, 0.08);
        traceSquare.Should().BeApproximately(1, 0.1);
    }

    [Fact]
    public void CounterRandom_Log_AgreesWithTheLibrary()
    {
        var random = new CounterRandom(3, 3);
        for (var i = 0; i < 1000; i++)
        {
            var value = random.NextUniform() * Math.Pow(2, i % 60 - 30) + 1e-12;
            CounterRandom.Log(value).Should().BeApproximately(Math.Log(value), 1e-14 * (1 + Math.Abs(Math.Log(value))));
        }
    }
}
