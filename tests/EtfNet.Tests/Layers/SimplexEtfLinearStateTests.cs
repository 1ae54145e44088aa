using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers;

public sealed class SimplexEtfLinearStateTests
{
    [Fact]
    public void SaveAndLoad_AnyFrame_GiveTheSameOutputs()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            using var scope = NewDisposeScope();
            var etf = RandomFrames.Draw(seed);
            using var layer = new SimplexEtfLinear(etf, new Parameter(Sample.Normal(seed, etf.Rows).to(ScalarType.Float32)), trainScale: seed % 3 == 0);
            using var blank = SimplexEtfLinear.Blank(etf.Header with { Scale = 9 }, new Parameter(zeros(etf.Rows)), seed % 3 == 0, ScalarType.Float32, CPU);
            var x = Sample.Normal(seed, 4, etf.Columns).to(ScalarType.Float32);
            blank.call(x);

            using var stream = new MemoryStream();
            using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true))
                layer.save(writer);
            stream.Position = 0;
            // As a child: a parent's load reaches the layer only through its state.
            using var parent = nn.Sequential(blank);
            using var source = nn.Sequential(layer);
            parent.load_state_dict(source.state_dict());
            Sample.Max(parent.call(x) - layer.call(x)).Should().Be(0, "{0}", etf);
            blank.Etf.Should().Be(layer.Etf);

            using var other = SimplexEtfLinear.Blank(etf.Header with { Scale = 9 }, new Parameter(zeros(etf.Rows)), seed % 3 == 0, ScalarType.Float32, CPU);
            other.call(x);
            other.load(stream);
            Sample.Max(other.call(x) - layer.call(x)).Should().Be(0, "{0}", etf);
        }
    }

    [Fact]
    public void StateDict_StructuredFrames_IsBytes()
    {
        foreach (var frame in new[] { EtfFrame.Identity, EtfFrame.Random(7) })
        {
            using var scope = NewDisposeScope();
            using var layer = new SimplexEtfLinear(512, 512, frame, hasBias: false);
            layer.call(ones(2, 512));
            layer.state_dict().Values.Sum(t => t.numel() * t.element_size()).Should().Be(8);
            using var stream = new MemoryStream();
            using var writer = new BinaryWriter(stream);
            layer.save(writer);
            stream.Length.Should().BeLessThan(200);
        }
    }

    [Fact]
    public void Load_StateOfAnotherFrame_IsRefusedByName()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(8, 8, EtfFrame.Random(7));
        using var parent = nn.Sequential(layer);
        foreach (var other in new[]
        {
            new SimplexEtfLinear(8, 8, EtfFrame.Random(8)), new SimplexEtfLinear(8, 8, EtfFrame.DenseRandom(7)), new SimplexEtfLinear(8, 8), new SimplexEtfLinear(9, 8, EtfFrame.Random(7)),
        })
        {
            var path = Path.GetTempFileName();
            try
            {
                other.save(path);
                FluentActions.Invoking(() => layer.load(path)).Should().Throw<ArgumentException>().WithMessage("*frame_*");
                FluentActions.Invoking(() => layer.load_state_dict(other.state_dict())).Should().Throw<InvalidOperationException>().WithMessage("*frame_*frame_random_8x8_seed_7*");
                using var source = nn.Sequential(other);
                FluentActions.Invoking(() => parent.load_state_dict(source.state_dict())).Should().Throw<InvalidOperationException>();
            }
            finally
            {
                File.Delete(path);
                other.Dispose();
            }
        }
    }

    [Fact]
    public void To_AnotherType_ConvertsFactorsBiasAndScale_NotTheFixedScale()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            using var scope = NewDisposeScope();
            var etf = RandomFrames.Draw(seed);
            using var layer = new SimplexEtfLinear(etf, new Parameter(Sample.Normal(seed, etf.Rows).to(ScalarType.Float32)), trainScale: seed % 2 == 0);
            layer.to(ScalarType.Float64);
            var x = Sample.Normal(seed, 3, etf.Columns);
            layer.call(x).dtype.Should().Be(ScalarType.Float64);
            layer.to(ScalarType.BFloat16);
            layer.call(x.to(ScalarType.BFloat16)).dtype.Should().Be(ScalarType.BFloat16);
            if (seed % 2 == 1)
                layer.Scale.Should().Be(etf.Scale);
        }
    }

    [Fact]
    public void To_Device_KeepsTheBiasParameterInTheRegistry()
    {
        using var layer = new SimplexEtfLinear(4, 4);
        layer.to(ScalarType.Float64);
        layer.Bias.Should().BeSameAs(layer.parameters().Single());
        layer.Bias!.dtype.Should().Be(ScalarType.Float64);
    }

    [Fact]
    public void LoadStateDict_BadScale_ThrowsAtTheNextUse()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(4, 4);
        layer.call(ones(1, 4));
        layer.state_dict().Single(entry => entry.Key.StartsWith("frame_", StringComparison.Ordinal)).Value.fill_(0);
        FluentActions.Invoking(() => layer.call(ones(1, 4))).Should().Throw<InvalidOperationException>().WithMessage("*frame_identity_4x4*");
    }

    [Fact]
    public void Layer_InSequential_IsMovedSavedAndListed()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), new SimplexEtfLinear(6, 6, EtfFrame.Random(2)));
        model.state_dict().Keys.Should().Contain("2.frame_random_6x6_seed_2").And.Contain("2.bias");
        model.to(ScalarType.Float64);
        model.call(Sample.Normal(1, 2, 6)).dtype.Should().Be(ScalarType.Float64);
    }

    [Fact]
    public void Etf_TrainedScaleBelowZero_SaysSo_DenseStillRight()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(4, 4, trainScale: true);
        using (no_grad())
            layer.get_parameter("scale")!.fill_(-2);
        FluentActions.Invoking(() => layer.Etf).Should().Throw<InvalidOperationException>().WithMessage("*scale -2*");
        using var dense = layer.ToDense();
        var x = Sample.Normal(1, 3, 4).to(ScalarType.Float32);
        Sample.Max(dense.call(x) - layer.call(x)).Should().BeLessThan(1e-5);
    }
}
