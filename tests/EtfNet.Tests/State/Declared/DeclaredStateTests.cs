using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.State.Declared;

/// <summary>The mechanism, on a layer's counters as a monitor keeps them.</summary>
public sealed class DeclaredStateTests
{
    /// <summary>A state of five lines.</summary>
    internal class Layer
    {
        [State(MergeRule.Sum, AtLeast = 0)] public long Scored { get; set; }
        [State(MergeRule.Sum, AtLeast = 0, AtMost = nameof(Scored))] public long Wrong { get; set; }
        [State(MergeRule.Sum, Shape = nameof(Width), Finite = true)] public double[] Sums { get; set; } = new double[3];
        [State(MergeRule.Same, AtLeast = 1)] public int Width { get; set; } = 3;
        [State(MergeRule.First)] public string? Problem { get; set; }
    }

    internal sealed class Steps
    {
        [State(MergeRule.Max)] public bool Seen { get; set; }
        [State(MergeRule.Sum)] public long[] Counts { get; } = new long[3];
    }

    /// <summary>The same state with one counter more, which takes one line.</summary>
    internal sealed class LayerWithACounter : Layer
    {
        [State(MergeRule.Sum, AtLeast = 0)] public long NonFinite { get; set; }
    }

    [Fact]
    public void OneMoreCounter_OneLine_IsSavedLoadedCheckedMergedResetAndCounted()
    {
        var (one, two) = (new LayerWithACounter { NonFinite = 3 }, new LayerWithACounter { NonFinite = 4 });
        var saved = Saved(one);
        saved.Texts["non_finite"].Should().Be("3", "it is saved under its name");
        DeclaredState.Read<LayerWithACounter>(saved).NonFinite.Should().Be(3, "it is loaded");
        DeclaredState.Restore(two, saved);
        two.NonFinite.Should().Be(3, "it is put back");
        Reading<LayerWithACounter>(Saved(new Layer())).Should().Throw<EtfStateException>("it is checked")
            .WithMessage("*'non_finite'*missing*");
        Reading<LayerWithACounter>(Saved(new LayerWithACounter { NonFinite = -1 })).Should().Throw<EtfStateException>("it is checked")
            .WithMessage("*'non_finite'*-1*minimum is 0*");
        DeclaredState.Merge(one, two, "two");
        one.NonFinite.Should().Be(6, "it is merged");
        DeclaredState.Bytes(one).Should().Be(DeclaredState.Bytes(new Layer()) + 1, "it is counted");
        DeclaredState.Reset(one);
        one.NonFinite.Should().Be(0, "it is reset");
    }

    [Fact]
    public void ReadAndRestore_WhatWasSaved_AreEqual()
    {
        var layer = new Layer { Scored = 7, Wrong = 2, Sums = [0.1, -0.0, double.Epsilon], Problem = "a\nb" };
        foreach (var back in new[] { DeclaredState.Read<Layer>(Saved(layer)), Restored(layer), (Layer)DeclaredState.Copy(layer) })
        {
            (back.Scored, back.Wrong, back.Width, back.Problem).Should().Be((7, 2, 3, "a\nb"));
            back.Sums.AsSpan().SequenceEqual(layer.Sums).Should().BeTrue();
            back.Sums.Should().NotBeSameAs(layer.Sums);
        }

        DeclaredState.Read<Layer>(Saved(new Layer())).Problem.Should().BeNull("what is null is not saved");

        static Layer Restored(Layer from)
        {
            var target = new Layer { Scored = 1, Problem = "old" };
            DeclaredState.Restore(target, Saved(from));
            return target;
        }
    }

    [Theory]
    [InlineData("scored", "x", "*'scored'*'x'; wanted: 64-bit whole number*")]
    [InlineData("scored", "1.5", "*'scored'*")]
    [InlineData("scored", "9223372036854775808", "*'scored'*")]
    [InlineData("scored", null, "*'scored'*missing*")]
    [InlineData("wrong", "8", "*'wrong'*8*'scored' is 7*")]
    [InlineData("width", "0", "*'width'*0*minimum is 1*")]
    [InlineData("width", "4", "*'sums'*(3)*(Width)*Width is 4*")]
    [InlineData("width", "4294967297", "*'width'*32-bit*")]
    public void Restore_WrongText_NamesItAndChangesNothing(string name, string? text, string message)
    {
        var saved = Saved(new Layer { Scored = 7, Wrong = 2 }).With(name, text);
        var target = new Layer { Scored = 100, Wrong = 50, Problem = "old" };
        FluentActions.Invoking(() => DeclaredState.Restore(target, saved)).Should().Throw<EtfStateException>().WithMessage(message);
        (target.Scored, target.Wrong, target.Problem).Should().Be((100, 50, "old"));
    }

    [Fact]
    public void ArrayOfAFixedLengthAndBool_AreFilledMergedAndReset()
    {
        var (one, two) = (new Steps { Seen = true }, new Steps());
        (one.Counts[0], one.Counts[2]) = (4, 5);
        var array = two.Counts;
        DeclaredState.Restore(two, Saved(one));
        two.Counts.Should().BeSameAs(array).And.Equal(4, 0, 5);
        var three = new Steps();
        DeclaredState.Merge(three, two, "two");
        DeclaredState.Merge(three, new Steps(), "new");
        DeclaredState.Merge(three, two, "two");
        three.Counts.Should().Equal(8, 0, 10);
        three.Seen.Should().BeTrue("either was");
        FluentActions.Invoking(() => DeclaredState.Restore(two, Saved(one).With("counts", new RowTensor<long>([2], [[1, 2]]))))
            .Should().Throw<EtfStateException>().WithMessage("*'counts'*2 numbers*wanted 3*");
        two.Counts.Should().Equal(4, 0, 5);
        DeclaredState.Reset(three);
        (three.Seen, three.Counts.Sum()).Should().Be((false, 0));
    }

    [Fact]
    public void Restore_WrongTensor_NamesItAndChangesNothing()
    {
        RefusedWith(new RowTensor<float>([3], [new float[3]]), "*'sums'*F32 (3)*F64*");
        RefusedWith(new RowTensor<double>([4], [new double[4]]), "*'sums'*F64 (4)*Width is 3*");
        RefusedWith(new RowTensor<double>([3, 1], [new double[3]]), "*'sums'*F64 (3, 1)*(Width)*");
        RefusedWith(new RowTensor<double>([3], [[1, double.NaN, 3]]), "*'sums'*NaN*finite*");
        RefusedWith(new RowTensor<double>([3], [[1, double.NegativeInfinity, 3]]), "*'sums'*-Infinity*finite*");
        RefusedWith(null, "*'sums'*missing*");

        static void RefusedWith(StateTensor? sums, string message)
        {
            var saved = Saved(new Layer()).With("sums", sums);
            var target = new Layer { Scored = 5 };
            FluentActions.Invoking(() => DeclaredState.Restore(target, saved)).Should().Throw<EtfStateException>().WithMessage(message);
            target.Scored.Should().Be(5);
        }
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("sums2")]
    [InlineData("C:\\windows\\x")]
    [InlineData("")]
    public void Restore_TensorThatNobodyDeclared_NamesItAndChangesNothing(string name)
    {
        var saved = Saved(new Layer { Scored = 7 });
        saved.Add(name, new RowTensor<byte>([1], [[1]]));
        var target = new Layer { Scored = 5 };
        FluentActions.Invoking(() => DeclaredState.Restore(target, saved)).Should().Throw<EtfStateException>()
            .WithMessage($"*'{name}'*nothing here has a tensor of this name*").Which.Entry.Should().Be(name);
        target.Scored.Should().Be(5);
    }

    [Fact]
    public void Merge_ByTheRules_AddsWhatAddsUp()
    {
        var own = new Layer { Scored = 7, Wrong = 2, Sums = [1, 2, 3] };
        var other = new Layer { Scored = 10, Wrong = 3, Sums = [10, 20, 30], Problem = "theirs" };
        DeclaredState.Merge(own, other, nameof(other));
        (own.Scored, own.Wrong, own.Width, own.Problem).Should().Be((17, 5, 3, "theirs"));
        own.Sums.Should().Equal(11, 22, 33);
        other.Sums.Should().Equal(10, 20, 30);
        DeclaredState.Merge(own, new Layer { Problem = "later" }, nameof(other));
        own.Problem.Should().Be("theirs");
    }

    [Fact]
    public void Merge_WhatMustBeTheSameDiffers_NamesItAndChangesNothing()
    {
        var own = new Layer { Scored = 7 };
        FluentActions.Invoking(() => DeclaredState.Merge(own, new Layer { Scored = 1, Width = 4, Sums = new double[4] }, "other")).Should()
            .Throw<ArgumentException>().WithMessage("*'sums' has 4 numbers there and 3 here*");
        FluentActions.Invoking(() => DeclaredState.Merge(own, new Layer { Scored = 1, Width = 4 }, "other")).Should()
            .Throw<ArgumentException>().WithMessage("*'width' is 4 there and 3 here*");
        own.Scored.Should().Be(7);
    }

    [Fact]
    public void Reset_CountersAndSums_AreBackAtNothing()
    {
        var layer = new Layer { Scored = 7, Wrong = 2, Sums = [1, 2, 3], Problem = "x" };
        DeclaredState.Reset(layer);
        (layer.Scored, layer.Wrong, layer.Width).Should().Be((0, 0, 3));
        layer.Problem.Should().BeNull();
        layer.Sums.Should().Equal(0, 0, 0);
    }

    [Fact]
    public void Hold_StateThatChangesLater_KeepsTheMoment()
    {
        var layer = new Layer { Scored = 7, Sums = [1, 2, 3] };
        var (live, held) = (DeclaredState.Capture(layer, "layer"), DeclaredState.Capture(layer, "layer").Hold());
        layer.Sums[0] = 50;
        DeclaredState.Read<Layer>(live).Sums[0].Should().Be(50);
        DeclaredState.Read<Layer>(held).Sums[0].Should().Be(1);
    }

    internal static StateSet Saved(object state) => SafetensorsBytes.Read(SafetensorsBytes.Write(DeclaredState.Capture(state, "layer")));

    private static Action Reading<T>(StateSet state)
        where T : class => () => DeclaredState.Read<T>(state);
}
