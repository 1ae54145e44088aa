using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Collapse.Scoring;

public sealed class NccScoresTests
{
    [SeededProperty(100)]
    public void Against_GivenCenters_EqualsBruteForce(int seed)
    {
        using var scope = NewDisposeScope();
        var (train, test) = (FeatureSample.Random(seed), FeatureSample.Random(seed + 1000));
        var random = new Random(seed);
        float Value(int j) => train.Rows[random.Next(train.Rows.Length)][j] + (float)random.NextDouble();
        var rows = Enumerable.Range(0, 30).Select(_ => Enumerable.Range(0, train.Width).Select(Value).ToArray()).ToArray();
        var labels = rows.Select(_ => random.Next(train.ClassCount + 1)).ToArray();
        var statistics = Watched.StatisticsOf(train.Features(), train.LabelTensor());
        using var scores = NccScores.Against(statistics);
        var features = tensor(rows.SelectMany(row => row).ToArray()).reshape(30, train.Width);
        var logits = Sample.Normal(seed, 30, train.ClassCount + 1);
        scores.Add(features, tensor(labels.Select(label => (long)label).ToArray()), logits).Should().Be(0);

        var means = train.Present.Select(c => train.Mean(c)).ToArray();
        var nearest = rows.Select(row => train.Present[Array.IndexOf(
            [.. means.Select(mean => FeatureSample.SquaredDistance(Array.ConvertAll(row, x => (double)x), mean))],
            means.Min(mean => FeatureSample.SquaredDistance(Array.ConvertAll(row, x => (double)x), mean)))]).ToArray();
        scores.Wrong.Should().Be(nearest.Zip(labels).Count(pair => pair.First != pair.Second), $"seed {seed}");
        scores.Samples.Should().Be(30);
        var errors = scores.ClassErrors;
        for (var c = 0; c < errors.Count; c++)
        {
            errors.Samples(c).Should().Be(labels.Count(label => label == c));
            errors.Wrong(c).Should().Be(nearest.Zip(labels).Count(pair => pair.Second == c && pair.First != c));
        }

        var matrix = errors.ToTensor();
        foreach (var group in nearest.Zip(labels).GroupBy(pair => (Label: pair.Second, Center: pair.First)))
            matrix[group.Key.Label, group.Key.Center].item<long>().Should().Be(group.Count(), $"seed {seed}");
        matrix.sum().item<long>().Should().Be(30);
        var chosen = logits.argmax(1).data<long>().ToArray();
        scores.Differing.Should().Be(chosen.Zip(nearest).Count(pair => pair.First != pair.Second));
    }

    [Fact]
    public void Against_TrainingSamplesThemselves_LeavesNothingOut()
    {
        using var scope = NewDisposeScope();
        // A class's only sample is its own center: right here, wrong within.
        var (features, labels) = (tensor(new[] { 0.0, 1, 5, 9 }).reshape(4, 1), tensor(new long[] { 0, 0, 1, 2 }));
        var statistics = Watched.StatisticsOf(features, labels);
        using var against = NccScores.Against(statistics);
        using var within = NccScores.Within(statistics);
        against.Add(features, labels);
        within.Add(features, labels);
        against.Error.Should().Be(0);
        within.Error.Should().Be(0.5);
        within.ClassErrors.Should().Equal(0, 1, 1);
        within.ClassErrors.Balanced.Should().BeApproximately(2.0 / 3, 1e-15);
        within.ClassErrors.Confusions.Should().Equal(new CenterConfusion(1, 2, 1), new CenterConfusion(2, 1, 1));
        against.Nc1.Should().BeApproximately(within.Nc1!.Value, 1e-12);
        within.Interval!.Value.Low.Should().BeLessThan(0.5);
    }

    [Fact]
    public void Nc1_OtherSamples_IsTheirScatterAboutTheGivenCenters()
    {
        using var scope = NewDisposeScope();
        var train = (Features: Sample.Normal(1, 40, 5), Labels: arange(40) % 4);
        var statistics = Watched.StatisticsOf(train.Features, train.Labels);
        var test = Sample.Normal(2, 10, 5);
        var labels = tensor(new long[] { 0, 1, 2, 3, 0, 1, 2, 3, 7, 7 });
        using var scores = NccScores.Against(statistics);
        scores.Add(test, labels);

        var means = stack([.. Enumerable.Range(0, 4).Select(c => tensor(statistics.Mean(c)))]);
        var centered = means - means.mean([0L], keepdim: true);
        var deviations = test.narrow(0, 0, 8) - means.index_select(0, labels.narrow(0, 0, 8));
        var expected = deviations.t().mm(deviations).div(8).mm(linalg.pinv(centered.t().mm(centered) / 4,
            hermitian: true)).trace().item<double>() / 4;
        scores.Nc1.Should().BeApproximately(expected, 1e-9 * expected, "samples of a class without a center have no deviation");
        scores.ClassErrors[7].Should().Be(1);
        scores.ClassErrors[5].Should().BeNull();
    }

    [Fact]
    public void Merge_Parts_EqualsTheWhole()
    {
        using var scope = NewDisposeScope();
        var sample = FeatureSample.Random(11);
        var (features, labels) = (sample.Features(), sample.LabelTensor());
        var logits = Sample.Normal(1, features.shape[0], sample.ClassCount);
        var statistics = Watched.StatisticsOf(features, labels);
        using var whole = NccScores.Within(statistics);
        whole.Add(features, labels, logits);
        using var merged = NccScores.Within(statistics);
        foreach (var (x, y, z) in features.split(7L).Zip(labels.split(7L), logits.split(7L)))
        {
            using var part = NccScores.Within(statistics);
            part.Add(x, y, z);
            merged.Merge(part);
        }

        (merged.Samples, merged.Wrong, merged.Compared, merged.Differing)
            .Should().Be((whole.Samples, whole.Wrong, whole.Compared, whole.Differing));
        merged.ClassErrors.Equals(whole.ClassErrors).Should().BeTrue();
        merged.ClassErrors.Equals(new object()).Should().BeFalse();
        merged.ClassErrors.GetHashCode().Should().Be(whole.ClassErrors.GetHashCode());
        merged.Nc1.Should().BeApproximately(whole.Nc1!.Value, 1e-12 * whole.Nc1.Value);
        var one = CollapseMetrics.Of(statistics, merged);
        one.Cdnv.Should().BeApproximately(CollapseMetrics.Of(statistics, whole).Cdnv!.Value, 1e-12);
    }

    [Fact]
    public void BadInput_IsATypedErrorAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        var statistics = Watched.StatisticsOf(Sample.Normal(1, 6, 3), arange(6) % 2);
        using var scores = NccScores.Within(statistics);
        Throws<ArgumentException>(() => scores.Add(randn(4, 2), zeros(4, int64)), "*(4, 2)*(samples, 3)*");
        Throws<ArgumentException>(() => scores.Add(ones(4, 3, int32), zeros(4, int64)), "*Int32*floating*");
        Throws<ArgumentException>(() => scores.Add(randn(4, 3), zeros(3, int64)), "*'labels'*4 samples*");
        Throws<ArgumentOutOfRangeException>(() => scores.Add(randn(4, 3), full(4, -1L, int64)), "*-1*");
        Throws<ArgumentOutOfRangeException>(() => scores.Add(randn(4, 3), full(4, 5L, int64), randn(4, 2)), "*5*[0, 2)*");
        Throws<ArgumentException>(() => scores.Add(randn(4, 3), zeros(4, int64), randn(3, 2)), "*'logits'*");
        Throws<ArgumentNullException>(() => scores.Merge(null!), "*other*");
        Throws<ArgumentException>(() => scores.Merge(NccScores.Against(statistics)), "*leaves samples out*");
        Throws<ArgumentException>(() => scores.Merge(NccScores.Within(Watched.StatisticsOf(randn(6, 2), arange(6) % 2))), "*width 2*3*");
        Throws<ArgumentException>(() => scores.Merge(NccScores.Within(Watched.StatisticsOf(randn(7, 3), arange(7) % 2))),
            "*class 0*4 samples*3*");
        Throws<ArgumentException>(() => NccScores.Within(new ClassStatistics(3)), "*no sample*");
        Throws<ArgumentException>(() => NccScores.Against(new ClassStatistics(3)), "*no sample*");
        Throws<ArgumentNullException>(() => NccScores.Against(null!), "*centers*");
        (scores.Samples, scores.Error, scores.Nc4Mismatch, scores.Nc1).Should().Be((0, null, null, null));
        scores.ClassErrors.Balanced.Should().BeNull();
        scores.ClassErrors.Invoking(errors => errors[0]).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Add_NotFinite_IsCountedAndLeftOutOfEverything()
    {
        using var scope = NewDisposeScope();
        var statistics = Watched.StatisticsOf(Sample.Normal(1, 6, 3), arange(6) % 2);
        using var scores = NccScores.Within(statistics);
        var features = Sample.Normal(1, 6, 3);
        features[2, 1] = double.NaN;
        scores.Add(features, arange(6) % 2).Should().Be(1);
        (scores.NonFinite, scores.Samples, scores.ClassErrors.Samples(0)).Should().Be((1, 5, 2));
    }

    private static void Throws<TException>(Action action, string message)
        where TException : Exception => action.Should().Throw<TException>().WithMessage(message);
}
