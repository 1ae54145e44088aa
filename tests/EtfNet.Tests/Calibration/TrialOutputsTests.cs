using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Calibration;

public sealed class TrialOutputsTests
{
    /// <summary>With as many positions as classes the shape does not tell where the classes are.</summary>
    [Theory]
    [InlineData(4, true)]
    [InlineData(4, false)]
    [InlineData(6, true)]
    [InlineData(6, false)]
    public void Loss_LabelsPerPosition_ReadsTheClassesWhereTheyAre(int positions, bool areFirst)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var labels = randint(0, 4, [32, positions], dtype: int64, generator: generator);
        var scores = nn.functional.one_hot(labels, 4).to(float32) * 5;
        using var outputs = new TrialOutputs(FeaturePooling.Auto);

        outputs.Add(areFirst ? scores.transpose(1, 2) : scores, labels);

        outputs.Loss().Should().BeApproximately(nn.functional.cross_entropy(scores.flatten(0, 1), labels.flatten()).item<float>(), 1e-6);
        outputs.NccError().Should().Be(0);
    }

    /// <summary>A model may return probabilities in evaluation mode, or their logarithms.</summary>
    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 2e-2)]
    public void Loss_OfProbabilities_IsThatOfTheLogits(ScalarType dtype, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        var labels = randint(0, 4, [64], dtype: int64, generator: generator);
        var logits = (nn.functional.one_hot(labels, 4) * 3) + randn([64, 4], generator: generator);
        var losses = new[] { logits, logits.softmax(1), logits.log_softmax(1) }.Select(scores =>
        {
            using var outputs = new TrialOutputs(FeaturePooling.Auto);
            outputs.Add(scores.to(dtype), labels);
            return outputs.Loss();
        }).ToList();

        losses[1].Should().BeApproximately(losses[0]!.Value, tolerance);
        losses[2].Should().BeApproximately(losses[0]!.Value, tolerance);
    }
}
