using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring.Scores;

/// <summary>Leaving a sample out of centers of the epoch before, where it may have been another.</summary>
public sealed class ReturningShareTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Generator _generator = new(5);

    public void Dispose()
    {
        _generator.Dispose();
        _scope.Dispose();
    }

    /// <summary>
    /// Few samples of a class, each under an augmentation of its own in each epoch: the online error is near what two passes over such an
    /// epoch find.
    /// </summary>
    [Theory]
    [InlineData(5, 1.0, false)]
    [InlineData(10, 1.0, false)]
    [InlineData(20, 1.0, false)]
    [InlineData(5, 0.5, false)]
    [InlineData(5, 1.0, true)]
    public void FewSamplesAugmented_OnlineIsNearExact(int perClass, double jitter, bool onDevice)
    {
        var (centers, y) = (Normal(100, 32), arange(100 * perClass).remainder(100));
        var samples = centers.index_select(0, y) + (0.3 * Normal(y.shape[0], 32));
        var online = Online(() => samples + (jitter * Normal(y.shape[0], 32)), y, onDevice);
        var exact = Exact(samples + (jitter * Normal(y.shape[0], 32)), y);
        online.Should().BeApproximately(exact, 0.04);
    }

    /// <summary>Noise without any class: the right error is that of chance, whatever share of it returns in the next epoch.</summary>
    [Theory]
    [InlineData(1.0, 0.0)]
    [InlineData(0.9, 0.0)]
    [InlineData(0.7, 0.0)]
    [InlineData(0.5, 0.0)]
    [InlineData(0.3, 0.0)]
    [InlineData(0.0, 0.0)]
    [InlineData(1.0, 3.0)]
    [InlineData(0.7, 3.0)]
    public void Noise_AnyShareReturning_IsNotTakenForCollapse(double share, double drift)
    {
        const int classes = 20;
        var y = arange(classes * 6).remainder(classes);
        var noise = Normal(y.shape[0], 64);
        var moved = Normal(64);
        var online = Online(
            () =>
            {
                noise = (share * noise) + (Math.Sqrt(1 - (share * share)) * Normal(y.shape[0], 64));
                moved += drift * Normal(64);
                return noise + moved;
            },
            y);
        online.Should().BeGreaterThan(0.75, "chance is 0.95");
    }

    [Fact]
    public void SamplesThatReturnAsTheyWere_ShareIsOne()
    {
        var y = arange(30).remainder(6);
        var features = Normal(30, 8);
        var share = Gather(features, y);
        Add(share, features, y);
        share.Value.Should().Be(1);
        new ReturningShare().Value.Should().Be(1, "where nothing is known, a sample is left out as a whole");
    }

    [Theory]
    [InlineData(0.0, 0.0, 0.35)]
    [InlineData(0.3, 0.3, 0.6)]
    [InlineData(0.6, 0.6, 0.85)]
    [InlineData(0.9, 0.9, 1.0)]
    public void Value_KnownShare_IsFoundFromAbove(double share, double low, double high)
    {
        var y = arange(64 * 5).remainder(64);
        var features = Normal(320, 128);
        var found = Gather(features, y);
        // Classes have moved as a whole meanwhile.
        Add(found, (share * features) + (Math.Sqrt(1 - (share * share)) * Normal(320, 128)) + Normal(64, 128).index_select(0, y), y);
        found.Value.Should().BeInRange(low, high);
    }

    [SeededProperty(40)]
    public void Add_BatchByBatch_EqualsBruteForce(int seed)
    {
        _generator.manual_seed(seed);
        var random = new Random(seed);
        var share = new ReturningShare();
        var reference = new ReturningShareReference();
        for (var epoch = 0; epoch < 3; epoch++)
        {
            var statistics = new ClassStatistics(4);
            for (var batch = random.Next(1, 8); batch > 0; batch--)
            {
                var y = randint(0, random.Next(2, 70), [random.Next(1, 60)], dtype: int64, generator: _generator);
                var features = Normal(y.shape[0], 4);
                if (random.Next(3) == 0)
                    features[0, 0] = float.NaN;
                Add(share, features, y);
                reference.Add(features, y);
                statistics.Add(features, y);
            }

            share.Value.Should().BeApproximately(reference.Value(), 1e-5);
            share.EndEpoch(statistics);
            reference.EndEpoch();
        }
    }

    private static ReturningShare Gather(Tensor features, Tensor y)
    {
        var share = new ReturningShare();
        var statistics = new ClassStatistics((int)features.shape[1]);
        statistics.Add(features, y);
        Add(share, features, y);
        share.EndEpoch(statistics);
        return share;
    }

    private static void Add(ReturningShare share, Tensor features, Tensor y) =>
        share.Add(FeatureRows.View(features.to(float32).contiguous()), LabelGroups.Create(LabelReader.Read(y, null)));

    private static double Online(Func<Tensor> epoch, Tensor y, bool onDevice = false)
    {
        using var model = nn.Identity();
        using var monitor = new NccMonitor(
            model, new NccMonitorOptions { Include = [""], ScoreEvery = 1, Metrics = CollapseMetricSet.None, AlwaysAsOnDevice = onDevice });
        var errors = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            monitor.Observe("", epoch(), y);
            if (monitor.EndEpoch()[""].NccError is { } error)
                errors.Add(error);
        }

        return errors.Average();
    }

    private static double Exact(Tensor features, Tensor y)
    {
        using var model = nn.Identity();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { Include = [""] });
        return monitor.Evaluate([(features, y)])[""].NccError!.Value;
    }

    private Tensor Normal(params long[] shape) => randn(shape, generator: _generator);
}
