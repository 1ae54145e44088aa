using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>TorchVision's resnet18 as docs/how-to/fine-tuning.md trains it.</summary>
public sealed class FineTuningTests
{
    private const int Classes = 4;
    private const int BatchSize = 8;
    private const int Steps = 8;

    [Fact]
    public void PretrainedBackbone_NewHead_FrozenThenPartlyUnfrozen_FixesWhatIsTrainedAndMovesNothingElse()
    {
        manual_seed(1);
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var file = folder.File("resnet18.dat");
        using (var pretrained = torchvision.models.resnet18(num_classes: 20))
            pretrained.save(file);
        var model = torchvision.models.resnet18(num_classes: Classes, weights_file: file, skipfc: true);
        foreach (var (name, parameter) in model.named_parameters())
            parameter.requires_grad = name.StartsWith("fc.", StringComparison.Ordinal);
        var adam = optim.Adam(model.parameters().Where(parameter => parameter.requires_grad).ToList(), 3e-3);
        var options = new AdaptiveEtfOptions { Epsilon = 0.4, RequireConfidence = false, MaxOutputError = 1, MaxLossRise = 5 };
        using var etf = model.ApplyAdaptiveEtf(options, adam);
        var frozen = Frozen(model);
        var (images, labels) = Images();
        var losses = new List<double>();
        for (var epoch = 1; epoch <= 7; epoch++)
        {
            if (epoch == 4)
            {
                etf.Report.FixedLayers.Should().OnlyContain(layer => layer.Name == "fc", "nothing else is trained");
                etf.Report["layer4.1.conv2"].Decision.Reason.Should().Be(LayerReason.Frozen);
                var late = model.named_parameters()
                    .Where(entry => entry.name.StartsWith("layer4.", StringComparison.Ordinal) && entry.parameter.dim() == 4)
                    .Select(entry => entry.parameter).ToList();
                late.ForEach(parameter => parameter.requires_grad = true);
                adam.add_param_group(new Adam.ParamGroup(late, new Adam.Options { LearningRate = 1e-4 }));
            }

            losses.Add(Epoch());
            etf.EndEpoch();
        }

        Frozen(model).Should().Equal(frozen, "frozen weights and the statistics of frozen batch norms stay");
        etf.Report.FixedLayers.Should().Contain(layer => layer.Name.StartsWith("layer4."), etf.Report.ToString());
        losses[^1].Should().BeLessThan(losses[0]);

        double Epoch()
        {
            model.train();
            foreach (var norm in model.modules().OfType<BatchNorm2d>())
                norm.eval();
            var sum = 0.0;
            foreach (var (input, target) in images.split(BatchSize).Zip(labels.split(BatchSize)))
            {
                using var step = NewDisposeScope();
                adam.zero_grad();
                var loss = nn.functional.cross_entropy(model.call(input), target);
                loss.backward();
                adam.step();
                etf.Observe(target);
                sum += loss.item<float>();
            }

            return sum / Steps;
        }
    }

    /// <summary>All that is neither the head's nor the last stage's weights.</summary>
    private static List<string> Frozen(nn.Module model) =>
    [
        .. ModelBytes.Of(model).Where(entry => !entry.StartsWith("fc.", StringComparison.Ordinal)
            && !entry.StartsWith("layer4.", StringComparison.Ordinal)),
        .. model.named_buffers()
            .Where(entry => entry.name.StartsWith("layer4.", StringComparison.Ordinal) && entry.name.Contains("running"))
            .Select(entry => entry.name + string.Join(' ', entry.buffer.data<float>().ToArray())),
    ];

    private static (Tensor Images, Tensor Labels) Images()
    {
        using var generator = new Generator(2);
        var patterns = nn.functional.interpolate(randn([Classes, 3, 4, 4], generator: generator), size: [64, 64]);
        var labels = randperm(Steps * BatchSize, generator: generator).remainder(Classes);
        return (patterns.index_select(0, labels) + (0.3 * randn([Steps * BatchSize, 3, 64, 64], generator: generator)), labels);
    }
}
