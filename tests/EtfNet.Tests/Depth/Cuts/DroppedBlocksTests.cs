using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth.Cuts;

public sealed class DroppedBlocksTests
{
    [Fact]
    public void TruncateEtf_BlocksOfOneShape_AreDroppedAndComeBack()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Blocks();
        using var data = new Blobs(64);
        using var optimizer = optim.Adam(model.parameters());
        TrainingLoop.Epoch(model, optimizer, data);
        var bytes = ModelBytes.Of(model);
        model.train();

        using var truncation = model.TruncateEtf("blocks.2", () => model.call(data.Inputs), optimizer);

        truncation.Head.Should().BeNull();
        truncation.RemovedModules.Should().Equal("blocks.3", "blocks.4");
        truncation.RemovedParameters.Should().Be(2 * 9 * 8);
        optimizer.parameters().Should().HaveCount(10);
        model.call(data.Inputs).shape.Should().Equal(64, 4);
        model.training.Should().BeTrue();
        EtfPlan.Of(model).CutNames.Should().Equal("blocks");
        truncation.Revert();
        ModelBytes.Of(model).Should().Equal(bytes);
        optimizer.parameters().Should().HaveCount(14);
    }

    [Theory]
    [InlineData("blocks.1", false, "*(64, 16)*(64, 8)*")]
    [InlineData("blocks.4", false, "*last block*")]
    [InlineData("blocks.2", true, "*one by one*may bypass the cut*")]
    [InlineData("stem", false, "*not a block of a Sequential*blocks.0*")]
    [InlineData("nothing", false, "*no 'nothing'*")]
    public void TruncateEtf_WhereBlocksCannotBeDropped_Throws(string cut, bool oneByOne, string message)
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Blocks(oneByOne: oneByOne);
        using var data = new Blobs(64);
        var bytes = ModelBytes.Of(model);

        var truncate = () => { model.TruncateEtf(cut, () => model.call(data.Inputs)); };

        truncate.Should().Throw<ArgumentException>().WithMessage(message);
        ModelBytes.Of(model).Should().Equal(bytes);
    }

    [Fact]
    public void TruncateEtf_BlockThatAnotherObjectHolds_Throws()
    {
        using var scope = NewDisposeScope();
        using var model = new Skipping();
        using var input = randn(8, 16);

        var truncate = () => { model.TruncateEtf("blocks.0", () => model.call(input)); };

        truncate.Should().Throw<ArgumentException>().WithMessage("*more than one part*may bypass the cut*");
    }

    [Fact]
    public void TruncateEtf_ExampleThatThrows_ChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var model = CutModels.Blocks();
        model.train();
        var truncate = () => { model.TruncateEtf("blocks.2", () => model.call(randn(4, 5))); };
        truncate.Should().Throw<Exception>();
        model.training.Should().BeTrue();
        EtfPlan.Of(model).CutNames.Should().BeEmpty();
    }

    /// <summary>Keeps the second block in a list of its own, to add what it gives once more.</summary>
    private sealed class Skipping : nn.Module<Tensor, Tensor>
    {
        private readonly Sequential blocks = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16));
        private readonly List<nn.Module<Tensor, Tensor>> _skips;

        public Skipping()
            : base(nameof(Skipping))
        {
            _skips = [(nn.Module<Tensor, Tensor>)blocks[1]];
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return (blocks.call(input) + _skips[0].call(input)).MoveToOuterDisposeScope();
        }
    }
}
