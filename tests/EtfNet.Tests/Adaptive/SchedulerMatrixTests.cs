using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive;

/// <summary>Every shape of model with every kind of optimizer: one line added to a loop that works must not break it.</summary>
public sealed class SchedulerMatrixTests
{
    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool>();
            foreach (var (index, shape) in Shapes.All.Concat(ConvolutionShapes.All).Index())
                foreach (var (place, optimizer) in OptimizerKinds.Names.Index())
                    // Rprop takes full steps by the signs of gradients that are next to 0 there, and jumps about.
                    if (optimizer != "Rprop" || !shape.Name.Contains("Conv", StringComparison.Ordinal))
                        // A list with one shape, a lazy list with the next.
                        cases.Add(shape.Name, optimizer, (index + place) % 2 == 0);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void TrainOn_AfterTheFix_LossFallsFixedWeightsStayOptimizerHoldsOnlyLiveParameters(
        string shape, string optimizerName, bool lazy)
    {
        var (_, make, path, replaceable) = Shapes.All.Concat(ConvolutionShapes.All).Single(one => one.Name == shape);
        manual_seed(3);
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        using var data = new Blobs();
        using var model = make();
        using var optimizer = OptimizerKinds.Make(optimizerName, lazy ? model.parameters() : model.parameters().ToList());
        var options = new AdaptiveEtfOptions
        {
            Epsilon = 0.3,
            RequireConfidence = false,
            Include = [path],
            MaxOutputError = double.PositiveInfinity,
            MaxLossRise = double.PositiveInfinity,
        };
        using (var etf = model.ApplyAdaptiveEtf(options, optimizer))
        {
            var report = TrainingLoop.UntilFixed(model, optimizer, data, etf, path);
            report.FixedLayers.Single().InPlace.Should().Be(!replaceable);

            var module = ModuleTree.Walk(model).Single(node => node.Path == path).Module;
            using var frame = Frame(module);
            Epoch();
            var live = statistics.ThreadTotalLiveCount;
            var losses = Enumerable.Range(0, 4).Select(_ => Epoch()).ToList();
            statistics.ThreadTotalLiveCount.Should().Be(live);

            double Epoch()
            {
                var loss = TrainingLoop.Epoch(model, optimizer, data, etf);
                etf.EndEpoch();
                return loss;
            }

            losses[^1].Should().BeLessThan(losses[0]);
            using var after = Frame(module);
            after.equal(frame).all().item<bool>().Should().BeTrue("a fixed weight must not move");
            optimizer.parameters().Should().OnlyContain(parameter => !parameter.IsInvalid && parameter.requires_grad);
            model.parameters().Where(parameter => parameter.requires_grad).Select(parameter => parameter.Handle)
                .Should().BeSubsetOf(optimizer.parameters().Select(parameter => parameter.Handle));
            optimizer.state_dict().State.Count.Should().Be(optimizer.parameters().Count());
        }

        using var scope = NewDisposeScope();
        model.eval();
        model.call(data.Inputs).argmax(1).eq(data.Labels).to(float32).mean().item<float>().Should().BeGreaterThan(0.9f);
    }

    private static Tensor Frame(nn.Module module) =>
        module is SimplexEtfLayer fixedLayer ? fixedLayer.Etf.ToTensor() : FixableLayer.Of(module)!.Weight.detach().clone();
}
