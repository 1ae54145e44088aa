using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse;

public sealed class FeatureRowsTests
{
    [Fact]
    public void Convert_WantedFormAlready_CopiesNothing()
    {
        using var scope = NewDisposeScope();
        FeatureRows.Convert(ones(2, 3)).Should().BeNull();
        FeatureRows.Convert(ones(2, 3, float64)).Should().BeNull();
    }

    [Theory]
    [InlineData(ScalarType.Float16, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32)]
    [InlineData(ScalarType.Float32, ScalarType.Float32)]
    [InlineData(ScalarType.Float64, ScalarType.Float64)]
    public void Convert_OtherTypeOrLayout_IsContiguousAndOutlivesEveryScope(ScalarType type, ScalarType wanted)
    {
        Tensor converted;
        using (NewDisposeScope())
            converted = FeatureRows.Convert(arange(6).reshape(3, 2).to(type).t().requires_grad_(true))!;
        using (converted)
        {
            (converted.dtype, converted.requires_grad, converted.is_contiguous()).Should().Be((wanted, false, true));
            converted.to(float64).data<double>().ToArray().Should().Equal(0, 2, 4, 1, 3, 5);
        }
    }

    [Fact]
    public void View_Rows_AreThoseOfTheTensor()
    {
        using var scope = NewDisposeScope();
        foreach (var type in new[] { float32, float64 })
        {
            var rows = FeatureRows.View(arange(6).reshape(2, 3).to(type));
            (rows.Count, rows.Width, rows.IsSingle).Should().Be((2, 3, type == float32));
            var copy = new double[3];
            rows.CopyRow(1, copy);
            copy.Should().Equal(3, 4, 5);
        }

        var managed = FeatureRows.View([1f, 2, 3, 4, 5, 6], 2);
        (managed.Count, managed.Width, managed.Source is null).Should().Be((3, 2, true));
        managed.SingleRow(2).ToArray().Should().Equal(5, 6);
    }

    [Fact]
    public void IsFinite_LargeValues_AreAndBadOnesAreNot()
    {
        using var scope = NewDisposeScope();
        var values = tensor(new[] { 3e38f, 3e38f, -3e38f, float.NegativeInfinity, 1, float.NaN, 0, 0 }).reshape(4, 2);
        Finite(values).Should().Equal(true, false, false, true);
        Finite(values.to(float64)).Should().Equal(true, false, false, true);
        Finite(full(1, 9, 1e153, float64)).Should().Equal(true);
        Finite(full(1, 9, 1e154, float64)).Should().Equal(false);

        static bool[] Finite(Tensor values)
        {
            var result = new bool[values.shape[0]];
            for (var row = 0; row < result.Length; row++)
                result[row] = FeatureRows.View(values).IsFinite(row);
            return result;
        }
    }

    [Theory]
    [InlineData(1024, 1, 1)]
    [InlineData(1024, 3, 12)]
    [InlineData(1023, 3, 3)]
    [InlineData(64, 3, 3)]
    [InlineData(64, 1, 1)]
    [InlineData(63, 3, 1)]
    public void Parts_LargeEnoughBatch_IsCutForEveryThread(int rows, int threads, int parts)
    {
        using var scope = NewDisposeScope();
        var features = zeros(rows, 1024);
        Threads.Run(threads, () => RowThreads.Parts(FeatureRows.View(features))).Should().Be(parts);
        Threads.Run(threads, () => RowThreads.Parts(FeatureRows.View(new float[rows * 1024], 1024)))
            .Should().Be(1, "no other thread can view managed memory");
    }
}
