using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Scoring;

public sealed class NearestClassCenterTests
{
    [SeededProperty(200)]
    public void Score_RandomProblemsExact_EqualsReallyLeavingOut(int seed)
    {
        var sample = FeatureSample.Random(seed);
        var (score, nearest) = Score(sample, exact: true);

        score.Scored.Should().Be(sample.Rows.Length);
        score.Wrong.Should().Be(BruteForceErrors(sample), $"seed {seed}");
        nearest.Should().Equal(BruteForceNearest(sample), $"seed {seed}");
    }

    [SeededProperty(30)]
    public void Score_Float64FeaturesExact_EqualsReallyLeavingOut(int seed)
    {
        var sample = FeatureSample.Random(seed);
        Score(sample, exact: true, float64).Score.Wrong.Should().Be(BruteForceErrors(sample), $"seed {seed}");
    }

    [Theory]
    [InlineData(33, 20)]
    [InlineData(300, 7)]
    [InlineData(1100, 5)]
    public void Score_ManyClasses_EqualsBruteForce(int classes, int width)
    {
        // Beyond a few classes distances come from blocked products; beyond 1024 from several blocks.
        var sample = Noise(classes, width, 2 * classes, seed: classes);
        var (score, nearest) = Score(sample, exact: true);
        score.Wrong.Should().Be(BruteForceErrors(sample));
        nearest.Should().Equal(BruteForceNearest(sample));
    }

    [Fact]
    public void Score_NearTies_AreRescoredInFloat64()
    {
        // Two classes an inch apart at a great distance from the global mean: float32 products cannot tell them.
        var rows = Enumerable.Range(0, 60)
            .Select(i => new[] { i % 3 == 0 ? -3000f : 3000f, i % 3 == 1 ? 1e-3f : i % 3 == 2 ? -1e-3f : 0f }).ToArray();
        var sample = new FeatureSample(rows, [.. Enumerable.Range(0, 60).Select(i => i % 3)], 3);

        var exact = Score(sample, exact: true).Score;

        exact.Rescored.Should().Be(40);
        exact.Wrong.Should().Be(0).And.Be(BruteForceErrors(sample));
    }

    [Fact]
    public void Score_OffsetOfAThousand_Float32StillRight()
    {
        // Without seeing features from the global mean, float32 gets most of these wrong.
        var sample = Noise(10, 50, 400, seed: 5, offset: 1000);
        var online = Score(sample, exact: false).Score;
        online.Wrong.Should().BeCloseTo(BruteForceErrors(sample), 2);
        online.Rescored.Should().Be(0);
    }

    [Fact]
    public void Score_SquaresBeyondFloat32_ExactIsRightAndOnlineLeavesThemOut()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        float[] values = [1e25f, 2e25f, -1e25f, -2e25f];
        statistics.Add(tensor(values).reshape(4, 1), tensor(new long[] { 0, 0, 1, 1 }));
        var centers = ClassCenters.Create(statistics);
        NearestClassCenter.Score(FeatureRows.View(values, 1), [0, 0, 1, 1], centers, exact: statistics).Should().Be(new NccScore(4, 0, 4));
        NearestClassCenter.Score(FeatureRows.View(values, 1), [0, 0, 1, 1], centers).Should().Be(default(NccScore));

        // A sample near zero, of a class without center, has no nearest one in float32.
        var nearest = new int[1];
        NearestClassCenter.Score(FeatureRows.View(new float[] { 1 }, 1), [2], centers, nearest).Wrong.Should().Be(1);
        nearest.Should().Equal(-1);
    }

    [Fact]
    public void Score_LabelWithoutCenter_IsWrongAndAbsentClassesNeverWin()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(1);
        statistics.Add(tensor(new float[] { 5, 5, 9, 9 }).reshape(4, 1), tensor(new long[] { 1, 1, 3, 3 }));
        var nearest = new int[3];

        // Zero rows are what absent classes 0 and 2 would have for centers.
        var score = NearestClassCenter.Score(FeatureRows.View(new float[] { 0, 4, 9 }, 1), [0, 1, 7],
            ClassCenters.Create(statistics), nearest);

        nearest.Should().Equal(1, 1, 3);
        score.Should().Be(new NccScore(3, 2, 0));
    }

    [Fact]
    public void Score_NotFiniteSamples_AreNotScored()
    {
        var statistics = new ClassStatistics(2);
        statistics.Add(FeatureRows.View([0, 0, 0, 1, 5, 5, 5, 6], 2), LabelGroups.Create([0, 0, 1, 1]));
        var nearest = new int[3];

        var score = NearestClassCenter.Score(FeatureRows.View([float.NaN, 0, 5, float.PositiveInfinity, 5, 5], 2), [0, 1, 1],
            ClassCenters.Create(statistics), nearest);

        score.Should().Be(new NccScore(1, 0, 0));
        nearest.Should().Equal(-1, -1, 1);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(100)]
    public void Score_LargeBatchOnSeveralThreads_GivesTheSame(int classes)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4);
        var labels = randint(0, classes, [5001], dtype: int64, generator: generator);
        var features = (randn([classes, 256], generator: generator).index_select(0, labels) * 0.1)
            + randn([5001, 256], generator: generator);
        features[4000, 1] = float.PositiveInfinity;
        var statistics = new ClassStatistics(256);
        statistics.Add(features, labels);
        var centers = ClassCenters.Create(statistics);
        var own = LabelReader.Read(labels, classes);
        var (alone, together) = (new int[5001], new int[5001]);

        var one = Threads.Run(1, () => NearestClassCenter.Score(FeatureRows.View(features), own, centers, alone, statistics));
        var three = Threads.Run(3, () => NearestClassCenter.Score(FeatureRows.View(features), own, centers, together, statistics));

        three.Should().Be(one);
        together.Should().Equal(alone);
        one.Scored.Should().Be(5000);
        one.Wrong.Should().BeInRange(1, 4999);
    }

    [Fact]
    public void Score_PureNoise_LeaveOneOutShowsNoStructure()
    {
        foreach (var size in new[] { 10, 50, 500 })
        {
            var sample = Noise(10, 400, 10 * size, seed: size);
            var score = Score(sample, exact: true).Score;
            ((double)score.Wrong / score.Scored).Should().BeGreaterThan(0.8, $"{size} samples a class");
        }
    }

    private static FeatureSample Noise(int classes, int width, int count, int seed, float offset = 0)
    {
        var random = new Random(seed);
        return new FeatureSample(
            [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, width).Select(_ => Value()).ToArray())],
            [.. Enumerable.Range(0, count).Select(i => i % classes)],
            classes);

        float Value() => offset + (float)(random.NextDouble() + random.NextDouble() - 1);
    }

    private static (NccScore Score, int[] Nearest) Score(FeatureSample sample, bool exact, ScalarType type = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        var features = sample.Features().to(type);
        var statistics = new ClassStatistics(sample.Width);
        statistics.Add(features, sample.LabelTensor());
        var nearest = new int[sample.Rows.Length];
        var score = NearestClassCenter.Score(FeatureRows.View(features), sample.Labels, ClassCenters.Create(statistics), nearest,
            exact ? statistics : null);
        return (score, nearest);
    }

    private static int BruteForceErrors(FeatureSample sample)
    {
        var means = sample.Present.ToDictionary(c => c, c => sample.Mean(c));
        return Enumerable.Range(0, sample.Rows.Length).Count(i =>
        {
            var own = sample.Labels[i];
            if (sample.Labels.Count(label => label == own) == 1)
                return true;
            var row = sample.Row(i);
            var distances = means.Select(entry =>
                (entry.Key, Distance: FeatureSample.SquaredDistance(row, entry.Key == own ? sample.Mean(own, without: i) : entry.Value)));
            return distances.MinBy(entry => entry.Distance).Key != own;
        });
    }

    private static int[] BruteForceNearest(FeatureSample sample)
    {
        var means = sample.Present.Select(c => (Class: c, Mean: sample.Mean(c))).ToArray();
        return [.. Enumerable.Range(0, sample.Rows.Length)
            .Select(i => means.MinBy(entry => FeatureSample.SquaredDistance(sample.Row(i), entry.Mean)).Class)];
    }
}
