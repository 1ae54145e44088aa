using EtfNet.Samples;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Samples.Training;

public sealed class TrainingRecipeTests
{
    [Fact]
    public void CreateSchedule_AdamW_RisesThenFallsOnACosine()
    {
        var recipe = new TrainingRecipe { Optimizer = OptimizerKind.AdamW, Epochs = 6, LearningRate = 1, WarmupEpochs = 2 };
        using var model = nn.Linear(2, 2);
        using var optimizer = recipe.CreateOptimizer(model);
        var schedule = recipe.CreateSchedule(optimizer);
        var rates = new List<double>();
        for (var epoch = 0; epoch < 6; epoch++)
        {
            optimizer.ParamGroups.Select(group => group.LearningRate).Distinct().Should().HaveCount(1);
            rates.Add(optimizer.ParamGroups.First().LearningRate);
            schedule.step();
        }

        rates.Zip([1.0 / 3, 2.0 / 3, 1, (1 + Math.Sqrt(0.5)) / 2, 0.5, (1 - Math.Sqrt(0.5)) / 2]).Should().OnlyContain(pair => Math.Abs(pair.First - pair.Second) < 1e-12);
    }

    [Fact]
    public void CreateOptimizer_AdamW_DecaysMatricesAlone()
    {
        using var scope = NewDisposeScope();
        var recipe = new TrainingRecipe { Optimizer = OptimizerKind.AdamW, LearningRate = 0.1, WeightDecay = 0.5 };
        using var model = nn.Linear(2, 2);
        using var optimizer = recipe.CreateOptimizer(model);
        var (weight, bias) = (model.weight.detach().clone(), model.bias!.detach().clone());
        model.call(zeros(1, 2)).sum().mul(0).backward();
        optimizer.step();
        ((model.weight.detach() - (weight * 0.95)).abs().max().item<float>()).Should().BeLessThan(1e-6f);
        ((model.bias!.detach() - bias).abs().max().item<float>()).Should().Be(0);
    }
}
