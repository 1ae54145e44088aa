using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests;

/// <summary>Tied parameters and modules that stand in a model more than once.</summary>
public sealed class SafetensorsTiedTests
{
    [Fact]
    public void Save_TiedParameters_AreStoredOnceAndFoundByBothNames()
    {
        using var tied = new TiedEmbedding();
        using var stream = new MemoryStream();
        tied.SaveSafetensors(stream);
        var state = SafetensorsBytes.Read(stream.ToArray());
        state.Tensors.Keys.Should().BeEquivalentTo("embed.weight");
        state.Texts["head.weight"].Should().Be("embed.weight");
        state.Texts["format"].Should().Be("pt");

        using var fresh = new TiedEmbedding();
        stream.Position = 0;
        fresh.LoadSafetensors(stream);
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(tied));
        using var untied = new TiedEmbedding(tie: false);
        stream.Position = 0;
        untied.LoadSafetensors(stream);
        ModelBytes.Of(untied).Should().Equal(ModelBytes.Of(tied));

        using var other = new TiedEmbedding(tie: false);
        using var again = new TiedEmbedding();
        using var different = new MemoryStream();
        other.SaveSafetensors(different);
        different.Position = 0;
        var before = ModelBytes.Of(again);
        FluentActions.Invoking(() => again.LoadSafetensors(different)).Should().Throw<EtfStateException>()
            .WithMessage("*'head.weight'*differ from those of 'embed.weight'*has tied*");
        ModelBytes.Of(again).Should().Equal(before);
    }

    [Fact]
    public void SaveLoad_LayersThatShareAWeight_AreFixedTogetherAgain()
    {
        using var model = SharedWeights.TwoLayers(linearField: false);
        model.ApplyEtf(EtfFrame.Identity, "hidden", "again");
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        stream.Position = 0;
        using var fresh = SharedWeights.TwoLayers(linearField: false);
        fresh.LoadSafetensors(stream);
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
        fresh.state_dict().Keys.Should().BeEquivalentTo(
            "hidden.frame", "hidden.bias", "again.frame", "again.bias", "head.weight", "head.bias");
    }

    [Fact]
    public void SaveLoad_ModuleRegisteredTwice_HasBothNamesAsInPyTorch()
    {
        using var model = Shapes.Make("Tied");
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        var state = SafetensorsBytes.Read(stream.ToArray());
        state.Tensors.Keys.Should().BeEquivalentTo("0.weight", "0.bias", "3.weight", "3.bias");
        (state.Texts["2.weight"], state.Texts["2.bias"]).Should().Be(("0.weight", "0.bias"));

        // A program that stores both names with the same values, and one that gives them different ones.
        using var fresh = Shapes.Make("Tied");
        foreach (var differs in new[] { false, true })
        {
            var both = new StateSet(null);
            foreach (var (name, tensor) in state.Tensors)
                both.Add(name, tensor);
            both.Add("2.weight", differs ? new RowTensor<float>([16, 16], [new float[256]]) : state.Tensors["0.weight"]);
            using var file = new MemoryStream(SafetensorsBytes.Write(both));
            if (!differs)
                fresh.LoadSafetensors(file);
            else
                FluentActions.Invoking(() => fresh.LoadSafetensors(file)).Should().Throw<EtfStateException>()
                    .WithMessage("*'2.weight'*differ from those of '0.weight'*");
            ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
        }
    }

    [Fact]
    public void Save_ViewsOfOneStorage_AreNotTakenForTied()
    {
        using var model = new Views();
        using var stream = new MemoryStream();
        model.SaveSafetensors(stream);
        SafetensorsBytes.Read(stream.ToArray()).Tensors.Keys.Should().BeEquivalentTo("first", "second", "turned", "all");
        SafetensorsBytes.Read(stream.ToArray()).Tensors["turned"].Hold().ToArray()
            .Should().BeEquivalentTo(new[] { 1f, 3, 2, 4 }, options => options.WithStrictOrdering());
    }

    private sealed class TiedEmbedding : nn.Module<Tensor, Tensor>
    {
        private readonly Embedding embed = nn.Embedding(6, 4);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(4, 6, hasBias: false);

        public TiedEmbedding(bool tie = true)
            : base(nameof(TiedEmbedding))
        {
            if (tie)
                ((Linear)head).weight = embed.weight!;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(embed.call(input));
    }

    private sealed class Views : nn.Module<Tensor, Tensor>
    {
        private readonly Tensor all = tensor(new float[] { 1, 2, 3, 4 }, [2, 2]).DetachFromDisposeScope();

        public Views()
            : base(nameof(Views))
        {
            register_buffer("all", all);
            register_buffer("first", all.narrow(0, 0, 1).DetachFromDisposeScope());
            register_buffer("second", all.narrow(0, 1, 1).DetachFromDisposeScope());
            register_buffer("turned", all.transpose(0, 1).DetachFromDisposeScope());
        }

        public override Tensor forward(Tensor input) => input;
    }
}
