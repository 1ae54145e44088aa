using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring.Scores;

/// <summary>Which batches are scored.</summary>
public sealed class ScoringDrawTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(16)]
    public void IsScored_AnyStride_OneOfEachRun_EveryPlaceAlikeOften(int stride)
    {
        var places = new int[stride];
        for (var epoch = 1; epoch <= 50; epoch++)
            for (var run = 0; run < 40; run++)
            {
                var scored = Enumerable.Range(run * stride, stride).Where(index => ScoringDraw.IsScored(7, epoch, index, stride)).ToList();
                scored.Should().ContainSingle();
                places[scored[0] % stride]++;
            }

        var expected = 2000.0 / stride;
        places.Should().OnlyContain(count => Math.Abs(count - expected) < 5 * Math.Sqrt(expected));
    }

    [Fact]
    public void IsScored_AnotherSeedOrEpoch_DrawsOthers()
    {
        Draws(1, 1).Should().Equal(Draws(1, 1)).And.NotEqual(Draws(2, 1)).And.NotEqual(Draws(1, 2));

        static List<int> Draws(long seed, int epoch) =>
            [.. Enumerable.Range(0, 200).Where(index => ScoringDraw.IsScored(seed, epoch, index, 4))];
    }

    [Theory]
    [InlineData(4, 2000, 50_000, 500, 10, 4)]
    [InlineData(4, 2000, 7900, 79, 10, 3)]
    [InlineData(4, 2000, 500, 5, 10, 1)]
    [InlineData(4, 0, 500, 50, 10, 4)]
    [InlineData(4, 0, 500, 50, 4000, 16)]
    [InlineData(4, 2000, 60_000, 900, 4000, 16)]
    [InlineData(4, 2000, 10_000, 160, 4000, 5)]
    [InlineData(1, 0, 500, 50, 900, 1)]
    [InlineData(4, 2000, 0, 0, 0, 1)]
    public void Stride_LastEpoch_TheMostThatStillScoresEnough(
        int every, long minimum, long samples, int batches, int classes, int stride) =>
        ScoringDraw.Stride(new NccMonitorOptions { ScoreEvery = every, MinimumScored = minimum }, samples, batches, classes)
            .Should().Be(stride);

    /// <summary>Batches alternate between two sources: of one every sample lies at its own class, of the other everywhere.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void LoopThatAlternatesEasyAndHardBatches_ErrorIsThatOfBoth(int every)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        using var model = nn.Identity();
        using var monitor = new NccMonitor(
            model, new NccMonitorOptions { Include = [""], ScoreEvery = every, MinimumScored = 0, Metrics = CollapseMetricSet.None });
        var centers = 20 * randn(4, 16, generator: generator);
        var found = new List<double>();
        for (var epoch = 0; epoch < 13; epoch++)
        {
            for (var i = 0; i < 80; i++)
            {
                using var step = NewDisposeScope();
                var y = randint(0, 4, [20], dtype: int64, generator: generator);
                model.call(i % 2 == 0 ? centers.index_select(0, y) : randn(20, 16, generator: generator));
                monitor.Observe(y);
            }

            if (monitor.EndEpoch()[""].NccError is { } error)
                found.Add(error);
        }

        // Half of all batches have an error of three quarters.
        found.Average().Should().BeInRange(0.3, 0.45);
        found.Should().OnlyContain(error => error > 0.1 && error < 0.6);
    }

    [Fact]
    public void LayerCalledTwice_BothCallsAreScoredOrNone()
    {
        using var scope = NewDisposeScope();
        using var model = new Twice();
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 2, MinimumScored = 0 });
        for (var epoch = 0; epoch < 2; epoch++)
        {
            for (var i = 0; i < 20; i++)
            {
                model.call(randn(6, 4));
                model.call(randn(5, 4));
                monitor.Observe(arange(11).remainder(2));
                (monitor.Compute()["Layer"].Samples % 22).Should().Be(0, "two calls in each of two forwards of one batch");
            }

            if (epoch == 1)
                monitor.Compute()["Layer"].Samples.Should().Be(220);
            monitor.EndEpoch();
        }
    }

    private sealed class Twice : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> Layer = nn.Linear(4, 4);

        public Twice()
            : base(nameof(Twice)) => RegisterComponents();

        public override Tensor forward(Tensor input) => Layer.call(Layer.call(input));
    }
}
