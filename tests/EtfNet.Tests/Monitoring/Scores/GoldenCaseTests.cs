using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

public sealed class GoldenCaseTests
{
    public static TheoryData<string> Cases => [.. GoldenCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Evaluate_GoldenCase_GivesItsErrorsAndMetrics(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenCase.Load(name);
        var (first, head, model) = Model(golden);
        using var monitor = new NccMonitor(model,
            new NccMonitorOptions { Metrics = CollapseMetricSet.All, ClassCount = golden.ClassCount });

        var report = monitor.Evaluate(Batches(golden, 16));

        var layer = report["0"];
        layer.NccError.Should().Be(golden["ncc_error_leave_one_out"]);
        layer.Samples.Should().Be(golden.Features.shape[0]);
        layer.PresentClasses.Should().Be(golden.Counts.Count(count => count > 0));
        layer.Nc1Rank.Should().Be((int)golden["nc1_rank"]);
        Close(layer.Nc1, golden["nc1_pinv"]);
        Close(layer.Cdnv, golden["cdnv"]);
        Close(layer.Equinorm, golden["equinorm_cov"]);
        Close(layer.Equiangularity, golden["equiangularity"]);
        Close(layer.GramDeviation, golden["gram_deviation"]);
        layer.Nc4Mismatch.Should().Be(golden["nc4_mismatch"]);
        Close(report["1"].SelfDuality, golden["nc3_self_duality"]);
        model.Dispose();

        static void Close(double? value, double expected) => value.Should().BeApproximately(expected, 1e-6 * Math.Abs(expected));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Observe_SameDataEveryEpoch_ScoresAsTheExactMode(string name)
    {
        using var scope = NewDisposeScope();
        using var golden = GoldenCase.Load(name);
        var (_, _, model) = Model(golden);
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1 });

        for (var epoch = 0; epoch < 2; epoch++)
        {
            monitor.Compute().Layers.Should().OnlyContain(layer => layer.NccError == null);
            foreach (var (input, labels) in Batches(golden, 7))
            {
                model.call(input);
                monitor.Observe(labels);
            }

            if (epoch == 0)
                monitor.EndEpoch()["0"].NccError.Should().BeNull();
        }

        // The network stands still, so the lagged centers contain each sample exactly once and leave-one-out is exact.
        monitor.Compute()["0"].NccError.Should().Be(golden["ncc_error_leave_one_out"]);
        model.Dispose();
    }

    /// <summary>A layer that passes features through, and the golden classifier.</summary>
    private static (Linear First, Linear Head, Sequential Model) Model(GoldenCase golden)
    {
        var width = golden.Features.shape[1];
        var first = nn.Linear(width, width, hasBias: false);
        var head = nn.Linear(width, golden.Weight.shape[0]);
        using (no_grad())
        {
            first.weight.copy_(eye(width));
            head.weight.copy_(golden.Weight);
            head.bias!.copy_(golden.Bias);
        }

        return (first, head, nn.Sequential(first, head));
    }

    private static List<(Tensor Input, Tensor Labels)> Batches(GoldenCase golden, long size) =>
        [.. golden.Features.split(size).Zip(golden.Labels.split(size), (input, labels) => (input, labels))];
}
