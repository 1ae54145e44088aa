using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse;

public sealed class ClassStatisticsTests
{
    [SeededProperty(60)]
    public void Add_AnySplitOrMerge_GivesTheSameState(int seed)
    {
        var sample = FeatureSample.Random(seed);
        var random = new Random(seed);
        var whole = Of(sample, Enumerable.Range(0, sample.Rows.Length));

        var streamed = new ClassStatistics(sample.Width);
        var parts = new List<ClassStatistics>();
        for (var start = 0; start < sample.Rows.Length;)
        {
            var size = Math.Min(random.Next(1, 9), sample.Rows.Length - start);
            var part = Enumerable.Range(start, size).ToArray();
            Add(streamed, sample, part);
            parts.Add(Of(sample, part));
            start += size;
        }

        var merged = new ClassStatistics(sample.Width);
        foreach (var part in parts.OrderBy(_ => random.Next()))
            merged.Merge(part);

        ShouldBeSame(streamed, whole, seed);
        ShouldBeSame(merged, whole, seed);
    }

    [Theory]
    [InlineData(1e200)]
    [InlineData(-1e155)]
    public void Add_FeatureWhoseSquareOverflows_LeavesThatSampleOutAndCountsIt(double value)
    {
        using var scope = NewDisposeScope();
        var features = Sample.Normal(1, 10, 3);
        features[4, 1] = value;
        var statistics = new ClassStatistics(3);
        statistics.Add(features, zeros(10, int64)).Should().Be(1);
        (statistics.Total, statistics.Count(0)).Should().Be((9, 9));
        double.IsFinite(statistics.Scatter(0)).Should().BeTrue();
    }

    [Fact]
    public void Add_LargeBatchOnSeveralThreads_ChangesNoDigit()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        foreach (var (classes, present) in new[] { (10, 10), (3, 1), (5000, 4000) })
        {
            var features = randn([5000, 256], generator: generator);
            features[17, 3] = float.NaN;
            var labels = randint(0, present, [5000], dtype: int64, generator: generator) + (classes - present);
            var alone = Of(features, labels, threads: 1);
            var together = Of(features, labels, threads: 3);

            together.Total.Should().Be(alone.Total).And.Be(4999);
            together.ClassCount.Should().Be(alone.ClassCount);
            for (var c = 0; c < alone.ClassCount; c++)
            {
                together.Count(c).Should().Be(alone.Count(c));
                together.Scatter(c).Should().Be(alone.Scatter(c));
                together.Sum(c).SequenceEqual(alone.Sum(c)).Should().BeTrue();
            }
        }

        static ClassStatistics Of(Tensor features, Tensor labels, int threads)
        {
            var statistics = new ClassStatistics((int)features.shape[1]);
            Threads.Run(threads, () => statistics.Add(features, labels)).Should().Be(1);
            return statistics;
        }
    }

    [SeededProperty(60)]
    public void Add_RandomProblems_EqualsBruteForce(int seed)
    {
        var sample = FeatureSample.Random(seed);
        var statistics = Of(sample, Enumerable.Range(0, sample.Rows.Length));
        statistics.Total.Should().Be(sample.Rows.Length);
        for (var c = 0; c < statistics.ClassCount; c++)
        {
            var members = Enumerable.Range(0, sample.Rows.Length).Where(i => sample.Labels[i] == c).ToArray();
            statistics.Count(c).Should().Be(members.Length);
            if (members.Length == 0)
                continue;
            var mean = sample.Mean(c);
            statistics.Mean(c).Zip(mean)
                .Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) <= 1e-12 * (1 + Math.Abs(pair.Second)));
            var scatter = members.Sum(i => FeatureSample.SquaredDistance(sample.Row(i), mean));
            statistics.Scatter(c).Should().BeApproximately(scatter, 1e-9 * (1e-6 + scatter), $"seed {seed}");
        }
    }

    [SeededProperty(40)]
    public void Add_WithoutScatter_HasTheSameSums(int seed)
    {
        foreach (var type in new[] { float32, float64 })
        {
            using var scope = NewDisposeScope();
            var sample = FeatureSample.Random(seed);
            var statistics = new ClassStatistics(sample.Width, tracksScatter: false);
            foreach (var (features, labels) in sample.Features().to(type).split(23L).Zip(sample.LabelTensor().split(23L)))
                statistics.Add(features, labels);
            statistics.Scatter(0).Should().Be(double.NaN);
            foreach (var c in sample.Present)
                statistics.Mean(c).Zip(sample.Mean(c))
                    .Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) <= 1e-12 * (1 + Math.Abs(pair.Second)));
        }
    }

    [Fact]
    public void Members_NegativeClassOrWidthBelowOne_Throw()
    {
        var statistics = new ClassStatistics(1);
        statistics.Invoking(s => s.Count(-1)).Should().Throw<ArgumentOutOfRangeException>();
        statistics.Invoking(s => s.Scatter(-1)).Should().Throw<ArgumentOutOfRangeException>();
        statistics.Invoking(s => s.Mean(-1)).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new ClassStatistics(0)).Should().Throw<ArgumentOutOfRangeException>();
        statistics.Invoking(s => s.Merge(null!)).Should().Throw<ArgumentNullException>();
        statistics.Invoking(s => s.Add(null!, null!)).Should().Throw<ArgumentNullException>().WithParameterName("features");
    }

    [Fact]
    public void Members_ClassNeverSeen_AreEmpty()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        statistics.Add(tensor(new[] { 1f, 5f }).reshape(2, 1), tensor(new long[] { 2, 2 }));
        statistics.Add(full(1, 1, float.NaN), tensor(new long[] { 4 })).Should().Be(1);
        (statistics.ClassCount, statistics.Total).Should().Be((5, 2));
        foreach (var c in new[] { 0, 4, 5, 6, 1000 })
        {
            (statistics.Count(c), statistics.Scatter(c), statistics.Sum(c).Length).Should().Be((0, 0, 0));
            statistics.Mean(c).Should().BeEmpty();
        }

        statistics.Scatter(2).Should().Be(8);
        statistics.Reset();
        statistics.Add(full(1, 1, 7f), tensor(new long[] { 2 }));
        (statistics.Count(2), statistics.Scatter(2), statistics.Sum(2)[0]).Should().Be((1, 0, 7));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Add_NotFiniteSamples_AreLeftOutAndCounted(bool scatter)
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(2, scatter);
        var features = tensor(new[] { 1, 2, float.NaN, 0, 3, 4, 0, float.NegativeInfinity, 7, 8 }).reshape(5, 2);
        foreach (var type in new[] { float32, float64 })
        {
            statistics.Reset();
            statistics.Add(features.to(type), tensor(new[] { 0, 0, 0, 1, 1 })).Should().Be(2);
            statistics.Total.Should().Be(3);
            statistics.Mean(0).Should().Equal(2, 3);
            statistics.Mean(1).Should().Equal(7, 8);
        }
    }

    [Fact]
    public void Add_LaterClass_GrowsAndKeepsWhatWas()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        statistics.Add(ones(2, 1), tensor(new long[] { 0, 0 }));
        statistics.Add(full(1, 1, 4f), tensor(new long[] { 9000 }));
        (statistics.ClassCount, statistics.Count(0), statistics.Count(9000), statistics.Count(5), statistics.Count(100_000))
            .Should().Be((9001, 2, 1, 0, 0));
        statistics.Sum(9000).ToArray().Should().Equal(4);
        statistics.Mean(5).Should().BeEmpty();
    }

    [Fact]
    public void Clone_ChangedAfterwards_LeavesTheOther()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        statistics.Add(ones(2, 1), tensor(new long[] { 0, 0 }));
        var copy = statistics.Clone();
        statistics.Reset();
        statistics.Total.Should().Be(0);
        copy.Total.Should().Be(2);
        statistics.ClassCount.Should().Be(0);
    }

    [Fact]
    public void Merge_OtherWidthOrKind_Throws()
    {
        var statistics = new ClassStatistics(3);
        statistics.Invoking(s => s.Merge(new ClassStatistics(4))).Should().Throw<ArgumentException>()
            .WithMessage("*'width' is 4 there and 3 here*");
        statistics.Invoking(s => s.Merge(new ClassStatistics(3, tracksScatter: false)))
            .Should().Throw<ArgumentException>().WithMessage("*scatter*");
    }

    [Fact]
    public void Add_BadInput_ThrowsAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(2);
        var features = ones(3, 2);
        Throws<ArgumentException>(features, tensor(new long[] { 0, 1 }), "*2 labels*3 samples*");
        Throws<ArgumentException>(ones(3, 5), tensor(new long[] { 0, 1, 1 }), "*(3, 5)*(samples, 2)*");
        Throws<ArgumentException>(features, tensor(new float[] { 0, 1, 1 }), "*Float32*Int64*");
        Throws<ArgumentException>(features, ones(3, 4, int64), "*(3, 4)*(samples)*multi-label*");
        Throws<ArgumentOutOfRangeException>(features, tensor(new long[] { 0, -1, 1 }), "*-1*sample 1*");
        Throws<ArgumentOutOfRangeException>(features, tensor(new[] { 0, 1, 1 << 20 }), "*1048576*");
        Throws<ArgumentException>(ones(3, 2, int64), tensor(new long[] { 0, 1, 1 }), "*Int64*floating*");
        statistics.Total.Should().Be(0);
        statistics.ClassCount.Should().Be(0);

        void Throws<T>(Tensor x, Tensor y, string message)
            where T : Exception => statistics.Invoking(s => s.Add(x, y)).Should().Throw<T>().WithMessage(message);
    }

    private static ClassStatistics Of(FeatureSample sample, IEnumerable<int> rows)
    {
        var statistics = new ClassStatistics(sample.Width);
        Add(statistics, sample, [.. rows]);
        return statistics;
    }

    private static void Add(ClassStatistics statistics, FeatureSample sample, int[] rows)
    {
        using var scope = NewDisposeScope();
        var index = tensor(rows.Select(row => (long)row).ToArray());
        statistics.Add(sample.Features().index_select(0, index), sample.LabelTensor().index_select(0, index));
    }

    private static void ShouldBeSame(ClassStatistics actual, ClassStatistics expected, int seed)
    {
        actual.Total.Should().Be(expected.Total);
        for (var c = 0; c < expected.ClassCount; c++)
        {
            actual.Count(c).Should().Be(expected.Count(c));
            if (expected.Count(c) == 0)
                continue;
            var scale = expected.Sum(c).ToArray().Select(Math.Abs).DefaultIfEmpty(0).Max();
            actual.Sum(c).ToArray().Zip(expected.Sum(c).ToArray())
                .Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) <= 1e-12 * scale, $"seed {seed}");
            // The mean's own rounding, at offset o, moves a scatter by about n (1e-16 o)^2: nothing at all.
            actual.Scatter(c).Should().BeApproximately(expected.Scatter(c), 1e-12 * expected.Scatter(c) + 1e-18 * scale, $"seed {seed}");
        }
    }
}
