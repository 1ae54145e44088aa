using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Layers;

/// <summary>What a fix does to a model whose code looks at its layers, or holds them in unusual places.</summary>
public sealed class ReplacedModelTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Blobs _data = new(512);

    public void Dispose()
    {
        _data.Dispose();
        _scope.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ForwardThatLooksAtTheTypeOfALayer_IsFixedInPlace_AndGivesWhatTheTrialShowed(bool casts)
    {
        using var model = new Looking(casts);
        using var optimizer = optim.SGD(model.parameters(), 0.02, momentum: 0.9);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager with { Include = ["layers.*"] }, optimizer);
        var report = TrainingLoop.UntilFixed(model, optimizer, _data, etf, "layers.1");
        var layer = report.FixedLayers.Single(one => one.Name == "layers.1");
        layer.InPlaceReason.Should().Contain("looks at a layer's type or weight");
        model.eval();
        nn.functional.cross_entropy(model.call(_data.Inputs), _data.Labels).item<float>()
            .Should().BeApproximately((float)layer.LossAfter!.Value, (float)Math.Max(0.05, layer.LossAfter.Value * 0.3));
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        etf.EndEpoch().Remarks.Should().BeEmpty();
        etf.Revert("layers.1");
        var before = model.Second.weight.data<float>().ToArray();
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        model.Second.weight.data<float>().ToArray().Should().NotEqual(before);
    }

    [Fact]
    public void ModelThatIsRandomInEvaluation_IsReplaced()
    {
        using var model = new Noisy();
        using var optimizer = optim.SGD(model.parameters(), 0.02);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager with { Include = ["hidden"] }, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden").FixedLayers.Single().InPlaceReason.Should().BeNull();
    }

    [Theory]
    [InlineData("load")]
    [InlineData("clip")]
    [InlineData("nothing")]
    [InlineData("half")]
    public void InPlaceLayer_WhoseWeightSomethingElseChanges_IsNamed(string what)
    {
        using var folder = new TemporaryFolder();
        using var model = new Sealed();
        using var optimizer = optim.SGD(model.parameters(), 0.02);
        using var etf = model.ApplyAdaptiveEtf(TrainingLoop.Eager with { Include = ["hidden"] }, optimizer);
        model.save(folder.File("before.dat"));
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "hidden").FixedLayers.Single().InPlace.Should().BeTrue();
        TrainingLoop.Epoch(model, optimizer, _data, etf);
        using (no_grad())
            if (what == "load")
                model.load(folder.File("before.dat"));
            else if (what == "clip")
                foreach (var parameter in model.parameters())
                    parameter.clamp_(-0.05, 0.05);
            else if (what == "half")
                model.to(bfloat16).to(float32);

        var remarks = etf.EndEpoch().Remarks;
        if (what is "nothing" or "half")
            remarks.Should().BeEmpty();
        else
            remarks.Should().ContainSingle().Which.Should().Contain("'hidden' is fixed in place").And.Contain("no longer a frame");
    }

    [Theory]
    [InlineData("where")]
    [InlineData("append")]
    [InlineData("ordered")]
    [InlineData("lookup")]
    public void LayersInALinqSequence_AreReplacedThere(string kind)
    {
        using var model = new InSequence(kind);
        model.ApplyEtf(EtfFrame.Identity, "all.0").Single().InPlace.Should().BeFalse();
        using var input = randn(3, 4);
        model.Invoking(one => one.call(input)).Should().NotThrow();
    }

    [Fact]
    public void Revert_LayerFixedBeforeTheScheduler_SaysSo()
    {
        using var model = nn.Sequential(("a", nn.Linear(4, 4)), ("b", nn.Linear(4, 4)));
        model.ApplyEtf(EtfFrame.Identity, "a");
        using var etf = model.ApplyAdaptiveEtf(0.1);
        etf.Invoking(one => one.Revert("a")).Should().Throw<ArgumentException>().WithMessage("Layer 'a' was fixed before this scheduler*");
        etf.Invoking(one => one.Revert("c")).Should().Throw<ArgumentException>().WithMessage("No layer 'c'. There are: b.*");
    }

    private sealed class Looking : nn.Module<Tensor, Tensor>
    {
        private readonly ModuleList<nn.Module<Tensor, Tensor>> layers =
            nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(Blobs.Width, 16), nn.Linear(16, 16));
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, Blobs.Classes);
        private readonly bool _casts;

        public Looking(bool casts)
            : base(nameof(Looking))
        {
            _casts = casts;
            RegisterComponents();
        }

        public Linear Second => (Linear)layers[1];

        public override Tensor forward(Tensor input)
        {
            foreach (var layer in layers)
                input = layer is Linear ? layer.call(input).relu() - 2 : layer.call(input);
            return head.call(_casts ? input + (0 * ((Linear)layers[1]).weight.square().mean()) : input);
        }
    }

    private sealed class Noisy : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(Blobs.Width, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, Blobs.Classes);

        private readonly Generator _generator = new(5);

        public Noisy()
            : base(nameof(Noisy)) => RegisterComponents();

        // Nobody restores a generator of its own.
        public override Tensor forward(Tensor input) =>
            head.call(hidden.call(input + (0.5 * randn(input.shape, generator: _generator))).relu());

        protected override void Dispose(bool disposing)
        {
            _generator.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class Sealed : nn.Module<Tensor, Tensor>
    {
        private readonly Linear hidden = nn.Linear(Blobs.Width, 16);
        private readonly Linear head = nn.Linear(16, Blobs.Classes);

        public Sealed()
            : base(nameof(Sealed)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(hidden.call(input).relu());
    }

    private sealed class InSequence : nn.Module<Tensor, Tensor>
    {
        private readonly ModuleList<nn.Module<Tensor, Tensor>> all =
            nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(4, 4), nn.Linear(4, 4));
        private readonly IEnumerable<nn.Module<Tensor, Tensor>> _order;

        public InSequence(string kind)
            : base(nameof(InSequence))
        {
            var layers = new List<nn.Module<Tensor, Tensor>>(all);
            _order = kind switch
            {
                "where" => layers.Where(layer => layer.training),
                "append" => layers.Take(1).Append(layers[1]),
                "ordered" => layers.OrderBy(layer => layer.training),
                _ => layers.ToLookup(layer => layer.training)[true],
            };
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _order.Aggregate(input, (now, layer) => layer.call(now));
    }
}
