using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static EtfNet.Tests.State.Declared.DeclaredStateTests;
using static EtfNet.Tests.State.Declared.ToyState;
using static TorchSharp.torch;

namespace EtfNet.Tests.State.Declared;

/// <summary>A scheduler that contains a monitor that contains layers, with tensors, enums and JSON: what the library's own types
/// need.</summary>
public sealed class NestedStateTests
{
    [Fact]
    public void SaveAndRead_NestedState_IsEqual()
    {
        using var scope = NewDisposeScope();
        var scheduler = Example();
        var saved = Saved(scheduler);
        saved.Texts["monitor.layers"].Should().Be("""["encoder.0","",".a b/é"]""", "the keys keep their order");
        saved.Texts["monitor.layers.encoder.0.scored"].Should().Be("7");
        saved.Texts["decision"].Should().Be("Exact");
        saved.Texts["record"].Should().Be("""{"Name":"fc","Error":0.25}""");
        saved.Tensors.Keys
            .Should()
            .BeEquivalentTo("monitor.layers.encoder.0.sums", "monitor.layers..sums", "monitor.layers..a b/é.sums", "average", "means",
            "averages.fc.weight");

        using var back = DeclaredState.Read<Scheduler>(saved, Create);
        RequireEqual(back, scheduler);
        back.Monitor.Layers["encoder.0"].Options.Should().Be("options", "elements are made by the given function");
        back.Optional.Should().BeNull();
    }

    [Fact]
    public void Restore_NestedState_FillsWhatIsThereAndMakesTheRest()
    {
        using var scope = NewDisposeScope();
        using var target = new Scheduler { Epoch = 9, Average = zeros(2, 2), Optional = zeros(1).DetachFromDisposeScope() };
        target.Monitor.Layers.Add("old", new ToyLayer("options"));
        var (monitor, average, optional) = (target.Monitor, target.Average, target.Optional);
        DeclaredState.Restore(target, Saved(Example()), Create);
        RequireEqual(target, Example());
        target.Monitor.Should().BeSameAs(monitor);
        target.Average.Should().BeSameAs(average);
        optional.IsInvalid.Should().BeTrue("a tensor that the saved state did not have is disposed");
    }

    [Theory]
    [InlineData("monitor.layers.encoder.0.wrong", "70", "*'monitor.layers.encoder.0.wrong'*70*")]
    [InlineData("monitor.layers.encoder.0.wrong", null, "*'monitor.layers.encoder.0.wrong'*missing*")]
    [InlineData("monitor.layers.encoder.0", null, "*'monitor.layers.encoder.0'*missing*")]
    [InlineData("monitor.layers.encoder.0", "x", "*'monitor.layers.encoder.0'*'x'*")]
    [InlineData("monitor.layers", "[\"encoder.0\",\"encoder.0\"]", "*'monitor.layers'*twice*")]
    [InlineData("monitor.layers", "[\"encoder.0\",null]", "*'monitor.layers'*null*")]
    [InlineData("monitor.layers", "null", "*'monitor.layers'*null*")]
    [InlineData("monitor.layers", "{}", "*'monitor.layers'*not a JSON list*")]
    [InlineData("monitor.layers", "[\"encoder.0\",\"\"]", "*'monitor.layers..a b/é.sums'*nothing here*")]
    [InlineData("decision", "1", "*'decision'*'1'; wanted: Decision*")]
    [InlineData("decision", "Never", "*'decision'*'Never'; wanted: Decision*")]
    [InlineData("record", "{", "*'record'*JSON*")]
    [InlineData("record", "{\"Name\":1}", "*'record'*JSON*")]
    [InlineData("steps", "[\"0\"]", "*'steps.1.sums'*nothing here*")]
    public void Restore_DamagedPart_NamesItAndChangesNothing(string name, string? text, string message)
    {
        using var scope = NewDisposeScope();
        using var target = new Scheduler { Epoch = 9, Average = zeros(2, 2) };
        target.Monitor.Layers.Add("old", new ToyLayer("options"));
        var example = Example();
        example.Steps.AddRange([new ToyLayer("options"), new ToyLayer("options")]);
        var saved = Saved(example).With(name, text);
        FluentActions.Invoking(() => DeclaredState.Restore(target, saved, Create)).Should().Throw<EtfStateException>().WithMessage(message);
        (target.Epoch, target.Average.sum().item<float>(), target.Monitor.Layers.Keys.Single()).Should().Be((9, 0, "old"));
    }

    [Fact]
    public void Restore_TensorOfAnotherShapeOrType_NamesItAndChangesNothing()
    {
        using var scope = NewDisposeScope();
        using var target = new Scheduler { Epoch = 9, Average = zeros(4, 2) };
        FluentActions.Invoking(() => DeclaredState.Restore(target, Saved(Example()), Create)).Should().Throw<EtfStateException>()
            .WithMessage("*'average'*F32 (2, 2)*F32 (4, 2)*same element type*");
        target.Average = zeros(2, 2, dtype: ScalarType.Float64);
        FluentActions.Invoking(() => DeclaredState.Restore(target, Saved(Example()), Create)).Should().Throw<EtfStateException>()
            .WithMessage("*'average'*F32 (2, 2)*F64 (2, 2)*");
        target.Epoch.Should().Be(9);
    }

    [Fact]
    public void Restore_ReadOnlyCollection_FillsItsElementsAndWantsTheSameKeys()
    {
        var (saved, target) = (new Watched("fc1", "fc2"), new Watched("fc1", "fc2"));
        saved.Layers["fc1"].Scored = 3;
        var layer = target.Layers["fc1"];
        DeclaredState.Restore(target, Saved(saved));
        layer.Scored.Should().Be(3);
        target.Layers["fc1"].Should().BeSameAs(layer);
        FluentActions.Invoking(() => DeclaredState.Restore(new Watched("fc1"), Saved(saved))).Should().Throw<EtfStateException>()
            .WithMessage("*'layers.fc2'*not there now*");
        FluentActions.Invoking(() => DeclaredState.Restore(new Watched("fc1", "fc2", "fc3"), Saved(saved))).Should()
            .Throw<EtfStateException>().WithMessage("*'layers.fc3'*nothing was saved*");
    }

    [Fact]
    public void Merge_NestedState_IsMergedKeyByKey()
    {
        using var scope = NewDisposeScope();
        using var own = Example();
        using var other = Example();
        own.Monitor.Layers.Remove("");
        DeclaredState.Merge(own, other, nameof(other), Create);
        own.Monitor.Layers["encoder.0"].Scored.Should().Be(14);
        own.Monitor.Layers[""].Scored.Should().Be(other.Monitor.Layers[""].Scored);
        own.Monitor.Layers[""].Should().NotBeSameAs(other.Monitor.Layers[""], "the other stays as it is");
        own.Average!.sum().item<float>().Should().Be(2 * other.Average!.sum().item<float>());
        own.Epoch.Should().Be(4);

        other.Monitor.Layers[".a b/é"].Width = 5;
        FluentActions.Invoking(() => DeclaredState.Merge(own, other, nameof(other), Create)).Should().Throw<ArgumentException>()
            .WithMessage("*'monitor.layers..a b/é.width' is 5 there and 3 here*");
        own.Monitor.Layers["encoder.0"].Scored.Should().Be(14);
    }

    [Fact]
    public void Restore_ReadOnlyCollectionOfPlainValues_IsReplaced()
    {
        var target = new Names { List = ["old"], Map = new Dictionary<string, int> { ["old"] = 1 } };
        DeclaredState.Restore(target, Saved(new Names { List = ["a", "b"], Map = new Dictionary<string, int> { ["x.y"] = 2 } }));
        target.List.Should().Equal("a", "b");
        target.Map.Should().Equal(new Dictionary<string, int> { ["x.y"] = 2 });
    }

    [Fact]
    public void Merge_CountersByKey_AddsThemUp()
    {
        var (own, other) = (new Counters { ByKey = { ["a"] = 1, ["b"] = 2 } }, new Counters { ByKey = { ["b"] = 3, ["c"] = 4 } });
        DeclaredState.Merge(own, other, nameof(other));
        own.ByKey.Should().Equal(new Dictionary<string, long> { ["a"] = 1, ["b"] = 5, ["c"] = 4 });
    }

    [Fact]
    public void Merge_TypeThatMergesAsAWhole_DoesItItself()
    {
        var (own, other) = (new Mean { Count = 1, Value = 2 }, new Mean { Count = 3, Value = 6 });
        DeclaredState.Merge(own, other, nameof(other));
        (own.Count, own.Value).Should().Be((4, 5));
    }

    [Fact]
    public void Read_ConditionOfTheType_IsAsked() =>
        FluentActions.Invoking(() => DeclaredState.Read<Mean>(Saved(new Mean { Count = 0, Value = 2 }))).Should().Throw<EtfStateException>()
            .WithMessage("*a mean of nothing*");

    [Fact]
    public void Declaration_ThatCannotBe_Throws()
    {
        Refused<UnknownType>("*StringBuilder*declares none*");
        Refused<TextThatAddsUp>("*Name*String*Sum*");
        Refused<NamesThatEndAlike>("*Layers*end alike*");
        Refused<TextsThatMerge>("*Texts*Each*");
        FluentActions.Invoking(() => DeclaredState.Capture(new NullThatIsNotOptional(), "x")).Should().Throw<InvalidOperationException>()
            .WithMessage("*Name is null*");

        static void Refused<T>(string message)
            where T : new() => FluentActions.Invoking(() => DeclaredState.Capture(new T(), "x")).Should().Throw<InvalidOperationException>()
                .WithMessage(message);
    }

    [Fact]
    public void ReadAndDispose_Tensors_LeaveNothingBehind()
    {
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (var scope = NewDisposeScope())
        {
            using var example = Example();
            var saved = Saved(example);
            using var back = DeclaredState.Read<Scheduler>(saved, Create);
            DeclaredState.Merge(back, example, nameof(example), Create);
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    private static void RequireEqual(Scheduler one, Scheduler two)
    {
        (one.Epoch, one.Decision, one.Record, one.Rate).Should().Be((two.Epoch, two.Decision, two.Record, two.Rate));
        one.Monitor.Layers.Keys.Should().Equal(two.Monitor.Layers.Keys);
        foreach (var (key, layer) in one.Monitor.Layers)
        {
            (layer.Scored, layer.Wrong, layer.Width)
                .Should().Be((two.Monitor.Layers[key].Scored, two.Monitor.Layers[key].Wrong, two.Monitor.Layers[key].Width));
            layer.Sums.Should().Equal(two.Monitor.Layers[key].Sums);
        }

        one.Means.Should().BeEquivalentTo(two.Means, options => options.WithStrictOrdering());
        (one.Average! - two.Average!).abs().max().item<float>().Should().Be(0);
        one.Averages.Keys.Should().Equal(two.Averages.Keys);
        (one.Averages["fc.weight"] - two.Averages["fc.weight"]).abs().max().item<float>().Should().Be(0);
    }

    internal sealed class Watched(params string[] names)
    {
        [State] public IReadOnlyDictionary<string, Layer> Layers { get; } = names.ToDictionary(name => name, _ => new Layer());
    }

    internal sealed class Names
    {
        [State] public IReadOnlyList<string> List { get; set; } = [];

        [State] public IReadOnlyDictionary<string, int> Map { get; set; } = new Dictionary<string, int>();
    }

    internal sealed class Counters
    {
        [State(MergeRule.Each)] public Dictionary<string, long> ByKey { get; } = [];
    }

    internal sealed class TextsThatMerge
    {
        [State(MergeRule.Each)] public Dictionary<string, string> Texts { get; } = [];
    }

    internal sealed class Mean : IMergeableState, ICheckedState
    {
        [State(MergeRule.ByType)] public long Count { get; set; }

        [State(MergeRule.ByType)] public double Value { get; set; }

        public void MergeParts(object other)
        {
            var (all, theirs) = (Count + ((Mean)other).Count, (Mean)other);
            (Count, Value) = (all, ((Value * Count) + (theirs.Value * theirs.Count)) / all);
        }

        public string? Problem(StateValues values) => values.Get<long>(nameof(Count)) == 0 ? "it is a mean of nothing" : null;
    }

    internal sealed class UnknownType
    {
        [State] public System.Text.StringBuilder Builder { get; set; } = new();
    }

    internal sealed class TextThatAddsUp
    {
        [State(MergeRule.Sum)] public string Name { get; set; } = "";
    }

    internal sealed class NullThatIsNotOptional
    {
        [State] public string Name { get; set; } = null!;
    }

    internal sealed class Inner
    {
        [State] public int Count { get; set; }
    }

    internal sealed class Outer
    {
        [State] public int Count { get; set; }

        [State] public Inner Inner { get; set; } = new();
    }

    internal sealed class NamesThatEndAlike
    {
        [State] public Dictionary<string, Outer> Layers { get; } = [];
    }
}
