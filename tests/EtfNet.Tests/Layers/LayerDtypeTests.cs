using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers;

/// <summary>A layer without a number of its own (an identity or random frame without bias) has a type all the same.</summary>
public sealed class LayerDtypeTests
{
    private static readonly ScalarType[] s_types = [ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16];

    [Fact]
    public void ToDense_LayersWithoutBias_HaveTheTypeThatTheyWereMadeWithOrConvertedTo()
    {
        foreach (var frame in new[] { EtfFrame.Identity, EtfFrame.Random(1) })
            foreach (var type in s_types)
            {
                using var scope = NewDisposeScope();
                new SimplexEtfLinear(4, 4, frame, hasBias: false, dtype: type).ToDense().weight.dtype.Should().Be(type);
                new SimplexEtfConv1d(4, 4, 3, frame: frame, hasBias: false, dtype: type).ToDense().weight.dtype.Should().Be(type);
                new SimplexEtfConv2d(4, 4, 3, frame: frame, hasBias: false, dtype: type).ToDense().weight.dtype.Should().Be(type);

                var layer = new SimplexEtfConv2d(4, 4, 3, frame: frame, hasBias: false);
                using var model = nn.Sequential(("inner", nn.Sequential(("layer", layer))));
                model.to(type);
                layer.ToDense().weight.dtype.Should().Be(type);
                model.to(CPU, ScalarType.Float64);
                layer.ToDense().weight.dtype.Should().Be(ScalarType.Float64);
                model.to(CPU);
                layer.ToDense().weight.dtype.Should().Be(ScalarType.Float64);
            }
    }

    /// <summary>A layer to which nobody gave a type computes with any.</summary>
    [Fact]
    public void MaterializeEtf_LayerWithoutATypeOfItsOwn_HasTheModels()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(
            ("first", nn.Linear(4, 4, dtype: ScalarType.Float64)), ("second", new SimplexEtfLinear(4, 4, hasBias: false)));
        var before = model.call(ones(2, 4, dtype: ScalarType.Float64));
        model.MaterializeEtf();
        Sample.Max(model.call(ones(2, 4, dtype: ScalarType.Float64)) - before).Should().BeLessThan(1e-12);
    }

    /// <summary>Not the type of the model's first layer.</summary>
    [Fact]
    public void MaterializeEtfAndRevert_ModelsOfTwoTypes_GiveEachLayerItsOwn()
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs();
        using (var model = new TwoTypes())
        {
            model.ApplyEtf(EtfFrame.Identity, "second");
            model.MaterializeEtf().Should().Equal("second");
            model.state_dict()["second.weight"].dtype.Should().Be(ScalarType.BFloat16);
            model.call(data.Inputs).shape.Should().Equal(data.Inputs.shape[0], 4);
        }

        using var trained = new TwoTypes();
        using var optimizer = optim.SGD(trained.parameters(), 0.05);
        using var etf = trained.ApplyAdaptiveEtf(TrainingLoop.Eager with { Include = ["second"], Frame = EtfFrame.Identity }, optimizer);
        TrainingLoop.UntilFixed(trained, optimizer, data, etf, "second");
        etf.Revert("second");
        trained.state_dict()["second.weight"].dtype.Should().Be(ScalarType.BFloat16);
        TrainingLoop.Epoch(trained, optimizer, data, etf);
    }

    private sealed class TwoTypes : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> second = nn.Linear(16, 4, hasBias: false, dtype: ScalarType.BFloat16);

        public TwoTypes()
            : base(nameof(TwoTypes)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            second.call(first.call(input).relu().to(ScalarType.BFloat16)).to(ScalarType.Float32);
    }
}
