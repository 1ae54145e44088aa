using System.Reflection;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Docs;

/// <summary>The class on the page about averages of weights, as it is there, across fixes and reverts.</summary>
public sealed class EmaAndSwaTests : IDisposable
{
    private const string Page = "docs/how-to/ema-and-swa.md";

    private static readonly Lazy<Type> AverageType = new(() =>
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("average.dll");
        BlockCompiler.Emit(CodeBlock.Read(Page, File.ReadAllText(Repository.Path(Page)))[0], path);
        return Assembly.Load(File.ReadAllBytes(path)).GetType("WeightAverage")!;
    });

    private readonly Blobs _data = new();

    [Theory]
    [InlineData("ModuleField", 0.9)]
    [InlineData("ModuleField", null)]
    [InlineData("LinearField", 0.9)]
    [InlineData("LinearField", null)]
    public void Average_AcrossAFixAndARevert_IsTheAverageOfEachLayerSinceItLastJumped(string shape, double? decay)
    {
        manual_seed(3);
        using var model = Shapes.Make(shape);
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager with { Include = ["hidden"] }, optimizer);
        dynamic average = Activator.CreateInstance(AverageType.Value, model, decay)!;
        var expected = new Dictionary<string, List<double[]>>();
        etf.LayerFixed += (_, e) => Restart(e.Layer.Name);
        etf.LayerReverted += (_, e) => Restart(e.Layer.Name);
        for (var epoch = 1; epoch <= 8; epoch++)
        {
            foreach (var (input, labels) in _data.Batches())
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(input), labels).backward();
                optimizer.step();
                etf.Observe(labels);
                average.Update();
                var now = model.named_parameters()
                    .ToDictionary(entry => entry.name, entry => entry.parameter.to(float64).data<double>().ToArray());
                foreach (var gone in expected.Keys.Except(now.Keys).ToList())
                    expected.Remove(gone);
                foreach (var (name, values) in now)
                    (expected.TryGetValue(name, out var known) ? known : expected[name] = []).Add(values);
            }

            etf.EndEpoch();
            if (epoch == 6)
                etf.Revert("hidden");
            Check();
        }

        expected["hidden.weight"].Should().HaveCount(2 * 8, "it was fixed once, and trained again for two epochs");
        average.Dispose();

        void Restart(string layer)
        {
            average.Restart(layer);
            foreach (var name in expected.Keys.Where(name => name.StartsWith(layer + ".", StringComparison.Ordinal)).ToList())
                expected.Remove(name);
        }

        void Check()
        {
            var before = TrainingReading.Weights(model);
            average.Exchange();
            foreach (var (name, parameter) in model.named_parameters().Where(entry => expected.ContainsKey(entry.name)))
            {
                using var scope = NewDisposeScope();
                var pairs = parameter.to(float64).data<double>().ToArray().Zip(Expected(expected[name], decay));
                pairs.Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-5, name);
            }

            using (NewDisposeScope())
                model.call(_data.Inputs).isfinite().all().item<bool>().Should().BeTrue();
            average.Exchange();
            TrainingReading.Weights(model).Should().Equal(before);
        }
    }

    [Fact]
    public void Dispose_AfterFixes_LeavesNoTensor()
    {
        using var model = Shapes.Make("ModuleField");
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        dynamic average = Activator.CreateInstance(AverageType.Value, model, 0.9)!;
        average.Update();
        var hidden = LayerTarget.All(model)[0];
        var fix = LayerFix.Prepare(model, hidden, SimplexEtf.Create(EtfFrame.Identity, 16, 16), null);
        LayerFix.Apply([fix], [], keepOld: false);
        average.Update();
        average.Restart("head");
        average.Update();
        average.Dispose();
        fix.Revert([]);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
    }

    /// <summary>Why the page says that a list does not work.</summary>
    [Fact]
    public void Average_OverAListMadeBefore_FadesToZeroWithoutAnError()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Shapes.Make("ModuleField");
        var list = model.parameters().ToList();
        var shadow = list[0].detach().clone();
        model.ApplyEtf(EtfFrame.Identity, "hidden");
        list[0].shape.Should().Equal(1, 1);
        for (var step = 0; step < 200; step++)
            shadow.mul_(0.9).add_(list[0], alpha: 0.1);
        shadow.shape.Should().Equal(16, 16);
        shadow.abs().max().item<float>().Should().BeLessThan(1e-6f);
    }

    public void Dispose() => _data.Dispose();

    private static double[] Expected(List<double[]> history, double? decay)
    {
        var average = (double[])history[0].Clone();
        for (var i = 1; i < history.Count; i++)
        {
            var share = 1 - decay ?? 1.0 / (i + 1);
            for (var j = 0; j < average.Length; j++)
                average[j] += share * (history[i][j] - average[j]);
        }

        return average;
    }
}
