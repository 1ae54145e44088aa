using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers;

public sealed class SimplexEtfLinearStateTests
{
    [SeededProperty(40)]
    public void SaveAndLoad_AnyFrame_GiveTheSameOutputs(int seed)
    {
        using var scope = NewDisposeScope();
        var etf = RandomFrames.Draw(seed);
        using var layer = new SimplexEtfLinear(etf, new Parameter(Sample.Normal(seed, etf.Rows).to(ScalarType.Float32)),
            trainScale: seed % 3 == 0);
        using var blank = SimplexEtfLinear.Blank(etf.Header with { Scale = 9 }, new Parameter(zeros(etf.Rows)), seed % 3 == 0,
            ScalarType.Float32, CPU);
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

        using var other = SimplexEtfLinear.Blank(etf.Header with { Scale = 9 }, new Parameter(zeros(etf.Rows)), seed % 3 == 0,
            ScalarType.Float32, CPU);
        other.call(x);
        other.load(stream);
        Sample.Max(other.call(x) - layer.call(x)).Should().Be(0, "{0}", etf);
    }

    [Fact]
    public void StateDict_StructuredFrames_IsBytes()
    {
        foreach (var frame in new[] { EtfFrame.Identity, EtfFrame.Random(7) })
        {
            using var scope = NewDisposeScope();
            using var layer = new SimplexEtfLinear(512, 512, frame, hasBias: false);
            layer.call(ones(2, 512));
            layer.state_dict().Values.Sum(t => t.numel() * t.element_size()).Should().Be(56, "seven numbers say which frame it is");
            using var stream = new MemoryStream();
            using var writer = new BinaryWriter(stream);
            layer.save(writer);
            stream.Length.Should().BeLessThan(200);
        }
    }

    [Fact]
    public void LoadStateDict_OfAnotherFrame_IsRefusedAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(8, 8, EtfFrame.Random(7));
        using (no_grad())
            layer.Bias!.fill_(3);
        foreach (var other in Others())
        {
            FluentActions.Invoking(() => layer.load_state_dict(other.state_dict())).Should().Throw<InvalidOperationException>()
                .WithMessage($"*{other.Etf.Header.Signature}*random_8x8_seed_7*");
            FluentActions.Invoking(() => layer.load_state_dict(other.state_dict(), strict: false)).Should()
                .Throw<InvalidOperationException>();
            layer.Bias!.eq(3).all().item<bool>().Should().BeTrue();
            layer.call(ones(1, 8));
            other.Dispose();
        }
    }

    [Fact]
    public void Load_OfAnotherFrame_ByWayOfAParentOrAFile_IsRefusedAtTheNextUse()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(8, 8, EtfFrame.Random(7), hasBias: false, trainScale: true);
        using var own = new SimplexEtfLinear(8, 8, EtfFrame.Random(7), hasBias: false, trainScale: true);
        using var other = new SimplexEtfLinear(8, 8, EtfFrame.Random(8), hasBias: false, trainScale: true);
        using var parent = nn.Sequential(layer);
        using var source = nn.Sequential(other);
        var expected = layer.call(ones(1, 8));

        other.save(folder.File("other"));
        foreach (var load in new Action[] { () => parent.load_state_dict(source.state_dict()), () => layer.load(folder.File("other")) })
        {
            load();
            FluentActions.Invoking(() => parent.call(ones(1, 8))).Should().Throw<InvalidOperationException>()
                .WithMessage("*random_8x8_seed_8*random_8x8_seed_7*load its own*");
            FluentActions.Invoking(() => layer.Scale).Should().Throw<InvalidOperationException>();
            FluentActions.Invoking(() => layer.Etf).Should().Throw<InvalidOperationException>();
            FluentActions.Invoking(() => layer.ToDense()).Should().Throw<InvalidOperationException>();

            layer.load_state_dict(own.state_dict());
            Sample.Max(parent.call(ones(1, 8)) - expected).Should().Be(0);
        }
    }

    [Fact]
    public void StateDict_Names_CarryNoSeeds()
    {
        using var one = new SimplexEtfLinear(8, 8, EtfFrame.Random(7));
        using var two = new SimplexEtfLinear(8, 8, EtfFrame.DenseRandom(8));
        one.state_dict().Keys.Should().Equal(two.state_dict().Keys).And.BeEquivalentTo("bias", "frame");
    }

    private static IEnumerable<SimplexEtfLinear> Others() =>
    [
        new(8, 8, EtfFrame.Random(8)), new(8, 8, EtfFrame.DenseRandom(7)), new(8, 8), new(9, 8, EtfFrame.Random(7)),
    ];

    [SeededProperty(20)]
    public void To_AnotherType_ConvertsFactorsBiasAndScale_NotTheFixedScale(int seed)
    {
        using var scope = NewDisposeScope();
        var etf = RandomFrames.Draw(seed);
        using var layer = new SimplexEtfLinear(etf, new Parameter(Sample.Normal(seed, etf.Rows).to(ScalarType.Float32)),
            trainScale: seed % 2 == 0);
        layer.to(ScalarType.Float64);
        var x = Sample.Normal(seed, 3, etf.Columns);
        layer.call(x).dtype.Should().Be(ScalarType.Float64);
        layer.to(ScalarType.BFloat16);
        layer.call(x.to(ScalarType.BFloat16)).dtype.Should().Be(ScalarType.BFloat16);
        if (seed % 2 == 1)
            layer.Scale.Should().Be(etf.Scale);
    }

    [Fact]
    public void To_Device_KeepsTheBiasParameterInTheRegistry()
    {
        using var layer = new SimplexEtfLinear(4, 4);
        layer.to(ScalarType.Float64);
        layer.Bias.Should().BeSameAs(layer.parameters().Single());
        layer.Bias!.dtype.Should().Be(ScalarType.Float64);
    }

    [Theory]
    [InlineData(6, 0)]
    [InlineData(0, 77)]
    [InlineData(0, 1L << 32)]
    [InlineData(1, -1)]
    [InlineData(5, 1L << 32)]
    public void LoadStateDict_BadNumber_ThrowsAtTheNextUse(int place, long number)
    {
        using var scope = NewDisposeScope();
        using var layer = new SimplexEtfLinear(4, 4);
        layer.call(ones(1, 4));
        layer.state_dict()["frame"][place] = number;
        FluentActions.Invoking(() => layer.call(ones(1, 4))).Should().Throw<InvalidOperationException>()
            .WithMessage("*not that of a frame*identity_4x4*");
    }

    [Fact]
    public void Layer_InSequential_IsMovedSavedAndListed()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), new SimplexEtfLinear(6, 6, EtfFrame.Random(2)));
        model.state_dict().Keys.Should().Contain("2.frame").And.Contain("2.bias");
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
