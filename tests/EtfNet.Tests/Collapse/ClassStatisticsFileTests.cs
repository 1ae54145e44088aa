using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse;

public sealed class ClassStatisticsFileTests
{
    // Where a field begins: mark, version, width, whether the scatter is kept, class count, then for each class its count, scatter and sum.
    private const int Width = 8;
    private const int ClassCount = 13;
    private const int Count = 17;
    private const int Scatter = 25;
    private const int Sum = 33;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SaveLoad_RandomState_IsTheSameBitByBit(bool tracksScatter)
    {
        using var scope = NewDisposeScope();
        var sample = FeatureSample.Random(17);
        var statistics = new ClassStatistics(sample.Width, tracksScatter);
        statistics.Add(sample.Features(), sample.LabelTensor());
        using var stream = new MemoryStream();
        statistics.Save(stream);
        stream.WriteByte(77);
        stream.Position = 0;

        var loaded = ClassStatistics.Load(stream);

        stream.ReadByte().Should().Be(77, "reading ends behind the last byte");
        ShouldBeSame(loaded, statistics);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(20000)]
    public void SaveLoad_AnyWidth_IsTheSame(int width)
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(width);
        statistics.Add(Sample.Normal(width, 5, width), tensor(new long[] { 0, 2, 0, 2, 2 }));
        ShouldBeSame(ClassStatistics.Load(new MemoryStream(Bytes(statistics))), statistics);
    }

    [Fact]
    public void SaveLoad_LastClassesWithoutSamples_AreStillCounted()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        statistics.Add(tensor(new[] { 3f, float.NaN }).reshape(2, 1), tensor(new long[] { 0, LabelReader.MaxClassCount - 1 }));
        var loaded = ClassStatistics.Load(new MemoryStream(Bytes(statistics)));
        (loaded.ClassCount, loaded.Total, loaded.Sum(0)[0]).Should().Be((LabelReader.MaxClassCount, 1, 3));
    }

    [Fact]
    public void Load_CutShortOrNoStatistics_SaysSo()
    {
        var good = TwoOfClassZero();
        for (var length = 0; length < good.Length; length += 3)
            Load(good[..length]).Should().Throw<InvalidDataException>().WithMessage("*cut short*");
        Load([.. "PK text"u8.ToArray(), .. good]).Should().Throw<InvalidDataException>().WithMessage("*no class statistics*");
        Load(With(4, BitConverter.GetBytes(9))).Should().Throw<InvalidDataException>().WithMessage("*version 9*version 1*");
        Load(With(good.Length - 4, [0])).Should().Throw<InvalidDataException>().WithMessage("*end is missing*");
    }

    [Fact]
    public void Load_DamagedNumber_SaysWhere()
    {
        Damaged(Width, BitConverter.GetBytes(0), "*width 0,*");
        Damaged(Width, BitConverter.GetBytes(-1), "*width -1,*");
        Damaged(ClassCount, BitConverter.GetBytes(-1), "*-1 classes*");
        Damaged(ClassCount, BitConverter.GetBytes(LabelReader.MaxClassCount + 1), "*1048577 classes*");
        Damaged(Count, BitConverter.GetBytes(-1L), "*at class 0*");
        foreach (var scatter in new[] { -1e-300, double.NaN, double.PositiveInfinity })
            Damaged(Scatter, BitConverter.GetBytes(scatter), "*at class 0*");
        Damaged(Sum, BitConverter.GetBytes(double.NaN), "*at class 0*");
        Damaged(Sum + 8, BitConverter.GetBytes(double.NegativeInfinity), "*at class 0*");
        ClassStatistics.Load(new MemoryStream(With(Scatter, BitConverter.GetBytes(0.0)))).Scatter(0).Should().Be(0);

        static void Damaged(int at, byte[] field, string message) => Load(With(at, field)).Should().Throw<InvalidDataException>().WithMessage(message);
    }

    [Fact]
    public void SaveLoad_NoStream_Throws()
    {
        new ClassStatistics(1).Invoking(s => s.Save(null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => ClassStatistics.Load(null!)).Should().Throw<ArgumentNullException>();
    }

    private static Action Load(byte[] bytes) => () => ClassStatistics.Load(new MemoryStream(bytes));

    private static byte[] With(int at, byte[] field)
    {
        var bytes = TwoOfClassZero();
        field.CopyTo(bytes, at);
        return bytes;
    }

    private static byte[] TwoOfClassZero()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(2);
        statistics.Add(tensor(new[] { 1f, 2, 3, 5 }).reshape(2, 2), tensor(new long[] { 0, 0 }));
        return Bytes(statistics);
    }

    private static byte[] Bytes(ClassStatistics statistics)
    {
        using var stream = new MemoryStream();
        statistics.Save(stream);
        return stream.ToArray();
    }

    private static void ShouldBeSame(ClassStatistics loaded, ClassStatistics wanted)
    {
        (loaded.Total, loaded.ClassCount, loaded.Width, loaded.TracksScatter).Should().Be((wanted.Total, wanted.ClassCount, wanted.Width, wanted.TracksScatter));
        for (var c = 0; c < loaded.ClassCount; c++)
        {
            loaded.Count(c).Should().Be(wanted.Count(c));
            loaded.Sum(c).SequenceEqual(wanted.Sum(c)).Should().BeTrue();
            loaded.Scatter(c).Should().Be(wanted.Scatter(c));
        }
    }
}
