using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse;

public sealed class ClassStatisticsStateTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SaveLoad_RandomState_IsTheSameBitByBit(bool tracksScatter)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            using var scope = NewDisposeScope();
            var sample = FeatureSample.Random(seed);
            var statistics = new ClassStatistics(sample.Width, tracksScatter);
            statistics.Add(sample.Features(), sample.LabelTensor());
            using var stream = new MemoryStream();
            statistics.Save(stream);
            stream.WriteByte(77);
            stream.Position = 0;

            var loaded = ClassStatistics.Load(stream);

            stream.ReadByte().Should().Be(77, "reading ends behind the last byte");
            ShouldBeSame(loaded, statistics);
            DeclaredState.Bytes(loaded).Should().Be(DeclaredState.Bytes(statistics));
        }
    }

    [Fact]
    public void SaveLoad_Path_IsTheSame()
    {
        using var folder = new TemporaryFolder();
        var statistics = TwoOfClassZero();
        statistics.Save(folder.File("state.safetensors"));
        ShouldBeSame(ClassStatistics.Load(folder.File("state.safetensors")), statistics);
        File.WriteAllBytes(folder.File("state.safetensors"), [1, 2, 3]);
        FluentActions.Invoking(() => ClassStatistics.Load(folder.File("state.safetensors"))).Should().Throw<EtfStateException>()
            .WithMessage($"{folder.File("state.safetensors")}: *").Which.FileName.Should().Be(folder.File("state.safetensors"));
    }

    [Fact]
    public void Load_Continues_AsTheStateWouldHave()
    {
        using var scope = NewDisposeScope();
        var (one, features, labels) = (new ClassStatistics(3), Sample.Normal(1, 9, 3), tensor(new long[] { 0, 2, 0, 2, 4, 0, 2, 4, 4 }));
        one.Add(features, labels);
        var two = ClassStatistics.Load(new MemoryStream(Bytes(one)));
        foreach (var statistics in new[] { one, two })
            statistics.Add(Sample.Normal(2, 9, 3), labels);
        ShouldBeSame(two, one);
        two.Merge(ClassStatistics.Load(new MemoryStream(Bytes(one))));
        two.Total.Should().Be(36);
        two.Reset();
        two.Total.Should().Be(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
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
    public void Save_Tensors_AreThoseOfTheClassesPresent()
    {
        var state = SafetensorsBytes.Read(Bytes(TwoOfClassZero()));
        state.Tensors.ToDictionary(entry => entry.Key, entry => entry.Value.ToString()).Should().BeEquivalentTo(
            new Dictionary<string, string> { ["count"] = "I64 (1)", ["sum"] = "F64 (1, 2)", ["scatter"] = "F64 (1)" });
        state.Texts.Should().BeEquivalentTo(new Dictionary<string, string> { ["width"] = "2", ["tracks_scatter"] = "true" });
    }

    [Fact]
    public void Load_DamagedNumber_SaysWhere()
    {
        Refused("width", "0", "*'width'*0*minimum is 1*");
        Refused("width", "-1", "*'width'*-1*");
        Refused("width", "3", "*'sum'*F64 (1, 2)*width is 3*");
        Refused("tracks_scatter", "yes", "*'tracks_scatter'*'yes'*");
        Refused("count", new RowTensor<long>([1], [[-1]]), "*'count'*-1*minimum is 0*");
        Refused("count", new RowTensor<long>([2], [[2, 1]]), "*2 of 2 classes*'sum' has 1 row*");
        Refused("count", new RowTensor<long>([1], [[0]]), "*0 of 1 classes*1 row*");
        Refused("count", new RowTensor<int>([1], [[2]]), "*'count'*I32 (1)*I64*");
        Refused("count", new RowTensor<long>([LabelReader.MaxClassCount + 1], [[2, .. new long[LabelReader.MaxClassCount]]]),
            "*1048577 classes*");
        foreach (var scatter in new[] { -1e-300, double.NaN, double.PositiveInfinity })
            Refused("scatter", new RowTensor<double>([1], [[scatter]]), "*'scatter'*");
        Refused("scatter", new RowTensor<double>([2], [[1, 2]]), "*'scatter'*F64 (2)*present is 1*");
        Refused("sum", new RowTensor<double>([1, 2], [[double.NaN, 1]]), "*'sum'*NaN*");
        Refused("sum", new RowTensor<double>([1, 2], [[1, double.NegativeInfinity]]), "*'sum'*-Infinity*");
        Refused("sum", new RowTensor<double>([2], [[1, 2]]), "*'sum'*F64 (2)*2 dimensions*");
        Refused("sum", new RowTensor<double>([long.MaxValue, 0], []), "*'sum'*too large*");
        Refused("../sum", new RowTensor<double>([1], [[1]]), "*'../sum'*");

        ClassStatistics.Load(new MemoryStream(With("scatter", new RowTensor<double>([1], [[0]])))).Scatter(0).Should().Be(0);
        FluentActions.Invoking(() => ClassStatistics.Load(new MemoryStream(SafetensorsBytes.Write(Overflowing())))).Should()
            .Throw<EtfStateException>().WithMessage("*64-bit*");

        static void Refused(string name, object value, string message) =>
            FluentActions.Invoking(() => ClassStatistics.Load(new MemoryStream(With(name, value)))).Should().Throw<EtfStateException>()
                .WithMessage(message);
    }

    [Fact]
    public void Load_ClaimsOfManyClasses_TakeNoMoreMemoryThanTheFile()
    {
        var state = new StateSet("statistics");
        state.Add("width", int.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture));
        state.Add("tracks_scatter", "true");
        state.Add("count", new RowTensor<long>([0], []));
        state.Add("sum", new RowTensor<double>([0, int.MaxValue], []));
        state.Add("scatter", new RowTensor<double>([0], []));
        var file = SafetensorsBytes.Write(state);
        var before = GC.GetAllocatedBytesForCurrentThread();
        FluentActions.Invoking(() => ClassStatistics.Load(new MemoryStream(file))).Should()
            .Throw<EtfStateException>("a row this long fits no array");
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThan(1_000_000);
    }

    [Fact]
    public void SaveLoad_NoStreamOrPath_Throws()
    {
        new ClassStatistics(1).Invoking(s => s.Save((Stream)null!)).Should().Throw<ArgumentNullException>();
        new ClassStatistics(1).Invoking(s => s.Save((string)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => ClassStatistics.Load((Stream)null!)).Should().Throw<ArgumentNullException>();
        FluentActions.Invoking(() => ClassStatistics.Load((string)null!)).Should().Throw<ArgumentNullException>();
    }

    private static StateSet Overflowing()
    {
        var state = new StateSet("statistics");
        state.Add("width", "1");
        state.Add("tracks_scatter", "true");
        state.Add("count", new RowTensor<long>([2], [[long.MaxValue, 1]]));
        state.Add("sum", new RowTensor<double>([2, 1], [[1], [1]]));
        state.Add("scatter", new RowTensor<double>([2], [[1, 1]]));
        return state;
    }

    /// <summary>Two samples of class 0 with one entry changed.</summary>
    private static byte[] With(string name, object value) =>
        SafetensorsBytes.Write(DeclaredState.Capture(TwoOfClassZero(), "statistics").With(name, value));

    private static ClassStatistics TwoOfClassZero()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(2);
        statistics.Add(tensor(new[] { 1f, 2, 3, 5 }).reshape(2, 2), tensor(new long[] { 0, 0 }));
        return statistics;
    }

    private static byte[] Bytes(ClassStatistics statistics)
    {
        using var stream = new MemoryStream();
        statistics.Save(stream);
        return stream.ToArray();
    }

    private static void ShouldBeSame(ClassStatistics loaded, ClassStatistics wanted)
    {
        (loaded.Total, loaded.ClassCount, loaded.Width, loaded.TracksScatter)
            .Should().Be((wanted.Total, wanted.ClassCount, wanted.Width, wanted.TracksScatter));
        for (var c = 0; c < loaded.ClassCount; c++)
        {
            loaded.Count(c).Should().Be(wanted.Count(c));
            loaded.Sum(c).SequenceEqual(wanted.Sum(c)).Should().BeTrue();
            loaded.Scatter(c).Should().Be(wanted.Scatter(c));
        }
    }
}
