using FluentAssertions;
using TorchSharp;
using Xunit;
using static FluentAssertions.FluentActions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse;

public sealed class LabelReaderTests
{
    private static readonly ScalarType[] s_types = [ScalarType.Int64, ScalarType.Int32];

    [Fact]
    public void Read_AnyLayoutOfEitherType_GivesTheLabels()
    {
        using var scope = NewDisposeScope();
        foreach (var type in s_types)
        {
            var table = tensor(new long[] { 4, 9, 0, 9, 2, 9, 2, 9 }).to(type).reshape(4, 2);
            LabelReader.Read(table.select(1, 0), 5).Should().Equal(4, 0, 2, 2);
            LabelReader.Read(table.flatten(), null).Should().Equal(4, 9, 0, 9, 2, 9, 2, 9);
            LabelReader.Read(table.flatten().narrow(0, 0, 0), 1).Should().BeEmpty();
        }
    }

    [Fact]
    public void Read_AtTheEndsOfTheRange_IsTaken()
    {
        using var scope = NewDisposeScope();
        foreach (var type in s_types)
        {
            LabelReader.Read(tensor(new long[] { 0, 2 }).to(type), 3).Should().Equal(0, 2);
            LabelReader.Read(tensor(new long[] { LabelReader.MaxClassCount - 1 }).to(type), null)
                .Should().Equal(LabelReader.MaxClassCount - 1);
            LabelReader.Read(tensor(new long[] { LabelReader.MaxClassCount }).to(type), LabelReader.MaxClassCount + 1)
                .Should().Equal(LabelReader.MaxClassCount);
        }
    }

    [Theory]
    [InlineData(3, 3, "*Label 3 of sample 1*[0, 3)*")]
    [InlineData(-1, 3, "*Label -1 of sample 1*[0, 3)*")]
    [InlineData(LabelReader.MaxClassCount, null, "*Label 1048576 of sample 1*[0, 1048576)*set the class count*")]
    [InlineData(-1, null, "*Label -1 of sample 1*")]
    public void Read_OutOfRange_NamesLabelAndSample(int label, int? classCount, string message)
    {
        using var scope = NewDisposeScope();
        foreach (var type in s_types)
            Invoking(() => LabelReader.Read(tensor(new long[] { 0, label }).to(type), classCount))
                .Should().Throw<ArgumentOutOfRangeException>().WithMessage(message).WithParameterName("labels");
    }

    [Fact]
    public void Read_BeyondInt32_IsNotCutToAClass()
    {
        using var scope = NewDisposeScope();
        Invoking(() => LabelReader.Read(tensor(new[] { (1L << 32) + 1 }), 3))
            .Should().Throw<ArgumentOutOfRangeException>().WithMessage("*4294967297*");
    }

    [Fact]
    public void CheckForm_NoClassIndices_SaysWhatIsWanted()
    {
        using var scope = NewDisposeScope();
        Refused(tensor(1L), "*scalar*");
        Refused(ones(3, 2, int64), "*(3, 2)*(samples)*multi-label*");
        Refused(eye(3, dtype: int64), "*(3, 3)*(samples)*one-hot*labels.argmax(1)*");
        Refused(ones(3, 1, int64), "*(3, 1)*(samples)*labels.squeeze(1)*");
        Refused(arange(6).reshape(3, 2), "*(3, 2)*one class index each.*");
        Refused(ones(2, 3), "*Float32*(2, 3)*Soft labels*Suspend()*");
        Refused(ones(3, int16), "*Int16*Int64 or Int32*labels.to(ScalarType.Int64)*");
        Refused(ones(3), "*Float32*");
        Invoking(() => LabelReader.CheckForm(null!)).Should().Throw<ArgumentNullException>();

        static void Refused(Tensor labels, string message) =>
            Invoking(() => LabelReader.CheckForm(labels))
                .Should().Throw<ArgumentException>().WithMessage(message).WithParameterName(nameof(labels));
    }

    [Fact]
    public void Read_StridedLabels_LeavesNoTensor()
    {
        using var scope = NewDisposeScope();
        var strided = arange(20).reshape(10, 2).select(1, 1);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        LabelReader.Read(strided, 20).Should().HaveCount(10);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }
}
