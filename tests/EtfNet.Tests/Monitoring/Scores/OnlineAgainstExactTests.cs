using EtfNet.Samples;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Monitoring;

/// <summary>What a training step's own features say, against two passes over the data with the finished network, on real images.</summary>
public sealed class OnlineAgainstExactTests
{
    [Fact]
    public void OnlineErrors_AfterTheLastDropOfTheLearningRate_TrackExactOnesAndOrderTheLayersAlike()
    {
        manual_seed(0);
        using var data = DataSet.Load("embedded");
        using var model = Network.Mlp(inputs: 784, width: 128, hiddenLayers: 4, classes: 10);
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);
        using var monitor = new NccMonitor(model);
        CollapseReport online = monitor.Compute();
        for (var epoch = 1; epoch <= 9; epoch++)
        {
            if (epoch is 4 or 7)
                optimizer.ParamGroups.Single().LearningRate *= 0.1;
            model.train();
            foreach (var (x, y) in data.Train.Batches(128, seed: epoch))
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                nn.functional.cross_entropy(model.call(x), y).backward();
                optimizer.step();
                monitor.Observe(y);
            }

            online = monitor.EndEpoch();
        }

        var exact = monitor.Evaluate([(data.Train.Inputs, data.Train.Labels)]);
        for (var i = 0; i < exact.Layers.Count; i++)
        {
            online.Layers[i].NccError!.Value.Should().BeApproximately(exact.Layers[i].NccError!.Value, 0.02, exact.Layers[i].Name);
            for (var j = 0; j < i; j++)
                if (Math.Abs(exact.Layers[i].NccError!.Value - exact.Layers[j].NccError!.Value) > 0.01)
                    (online.Layers[i].NccError > online.Layers[j].NccError)
                        .Should().Be(exact.Layers[i].NccError > exact.Layers[j].NccError);
        }
    }
}
