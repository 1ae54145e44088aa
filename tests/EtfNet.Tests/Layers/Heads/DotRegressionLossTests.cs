using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Heads;

public sealed class DotRegressionLossTests
{
    /// <summary>The paper's loss as it stands, with the row of each class scaled to its own length.</summary>
    [SeededProperty(50)]
    public void Forward_ScaledRows_EqualsThePapersFormula(int seed)
    {
        using var scope = NewDisposeScope();
        var random = new Random(seed);
        var (classes, width, count) = (random.Next(2, 8), random.Next(8, 20), random.Next(1, 30));
        var (length, reach) = (random.NextDouble() * 3 + 0.2, random.NextDouble() * 3 + 0.2);
        var lengths = ClassLengths.Of([.. Enumerable.Range(0, classes).Select(_ => (long)random.Next(1, 500))], random.NextDouble());
        using var head = new EtfHead(width, classes, EtfFrame.DenseRandom(seed), length, reach, ScalarType.Float64);
        using var loss = new DotRegressionLoss(head.TargetLogit, lengths);
        loss.to(ScalarType.Float64);
        var h = Sample.Normal(seed, count, width).requires_grad_(true);
        var labels = Enumerable.Range(0, count).Select(_ => (long)random.Next(classes)).ToArray();
        var value = loss.call(head.call(h), tensor(labels));

        var rows = SimplexEtf.Create(EtfFrame.DenseRandom(seed), classes, width, length).ToTensor();
        var unit = h.detach() / h.detach().norm(1, keepdim: true) * reach;
        var expected = 0.0;
        for (var i = 0; i < count; i++)
        {
            var row = rows[labels[i]] * lengths[labels[i]];
            var target = length * lengths[labels[i]] * reach;
            expected += Math.Pow(unit[i].dot(row).item<double>() - target, 2) / (2 * target) / count;
        }

        value.item<double>().Should().BeApproximately(expected, 1e-6 * expected + 1e-12);
    }

    /// <summary>The paper's gradient, on a feature of the head's length.</summary>
    [Fact]
    public void Backward_UnitFeature_IsThePullToItsOwnRow()
    {
        using var scope = NewDisposeScope();
        var rows = SimplexEtf.Create(EtfFrame.DenseRandom(2), 5, 9, 1.5).ToTensor();
        var h = Sample.Normal(3, 1, 9);
        h = (h / h.norm() * 2).requires_grad_(true);
        using var loss = new DotRegressionLoss(3);
        // Without the head's own scaling, whose gradient takes the radial part out.
        loss.call(h.mm(rows.t()), tensor(new long[] { 4 })).backward();
        var cosine = h.detach().mm(rows[4].unsqueeze(1)).item<double>() / 3;
        Sample.Max(h.grad! + (1 - cosine) * rows[4]).Should().BeLessThan(1e-12);
    }

    [Fact]
    public void Forward_ReductionsAndIgnored_CountWhatTheyShould()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0.0, 1, 3, 5, 1, 1 }).reshape(3, 2);
        var labels = tensor(new long[] { 1, -100, 0 });
        new DotRegressionLoss(2, reduction: nn.Reduction.None).call(logits, labels).data<double>().Should().Equal(0.25, 0, 0.25);
        new DotRegressionLoss(2, reduction: nn.Reduction.Sum).call(logits, labels).item<double>().Should().Be(0.5);
        new DotRegressionLoss(2).call(logits, labels).item<double>().Should().Be(0.25);
        new DotRegressionLoss(2, classLengths: [3, 2]).call(logits, labels).item<double>().Should().Be((2 * 0.25 + 3 * 0.25) / 2);
        new DotRegressionLoss(2, ignoreIndex: 0).call(logits, tensor(new[] { 1, 0, 0 })).item<double>()
            .Should().Be(0.25, "int32 labels will do");
        new DotRegressionLoss().call(logits, full(3, -100L, int64)).item<double>().Should().Be(0, "no sample counts");
        new DotRegressionLoss().call(zeros(0, 2), zeros(0, int64)).item<float>().Should().Be(0);
        new DotRegressionLoss().call(tensor(new[] { 0.0, 1 }), tensor(1L)).item<double>().Should().Be(0, "one sample without a batch");
        new DotRegressionLoss(reduction: nn.Reduction.None).call(randn(2, 3, 4), zeros(2, 3, int64)).shape.Should().Equal(2, 3);
    }

    [Fact]
    public void BadInput_IsATypedError()
    {
        using var scope = NewDisposeScope();
        using var loss = new DotRegressionLoss(classLengths: [1, 2, 3]);
        var logits = randn(2, 3);
        Throws<ArgumentOutOfRangeException>(() => loss.call(logits, tensor(new long[] { 0, 3 })), "*[0, 3)*");
        Throws<ArgumentOutOfRangeException>(() => loss.call(logits, tensor(new long[] { -1, 0 })), "*[0, 3)*");
        Throws<ArgumentException>(() => loss.call(logits, tensor(new long[] { 0 })), "*(1)*(2, 3)*");
        Throws<ArgumentException>(() => loss.call(logits, tensor(new[] { 0f, 1 })), "*Float32*");
        Throws<ArgumentException>(() => loss.call(ones(2, 3, int64), zeros(2, int64)), "*floating*");
        Throws<ArgumentException>(() => loss.call(randn(2, 4), zeros(2, int64)), "*4 classes*3 lengths*");
        Throws<ArgumentOutOfRangeException>(() => _ = new DotRegressionLoss(0), "*TargetLogit*");
        Throws<ArgumentOutOfRangeException>(() => _ = new DotRegressionLoss(double.NaN), "*TargetLogit*");
        Throws<ArgumentOutOfRangeException>(() => _ = new DotRegressionLoss(reduction: (nn.Reduction)9), "*");
        Throws<ArgumentOutOfRangeException>(() => _ = new DotRegressionLoss(classLengths: [1, -1]), "*class 1*");
        Throws<ArgumentException>(() => _ = new DotRegressionLoss(classLengths: []), "*no length*");
    }

    [Fact]
    public void ClassLengths_Counts_AreTheRootOfTheShareOfTheMean()
    {
        ClassLengths.Of([100, 25, 0]).Should().Equal(Math.Sqrt(0.625), Math.Sqrt(2.5), 1);
        ClassLengths.Of([100, 25], power: 1).Should().Equal(0.625, 2.5);
        ClassLengths.Of([100, 25], power: 0).Should().Equal(1, 1);
        Throws<ArgumentException>(() => ClassLengths.Of([0, 0]), "*No class*");
        Throws<ArgumentOutOfRangeException>(() => ClassLengths.Of([1, -2]), "*class 1*");
        Throws<ArgumentOutOfRangeException>(() => ClassLengths.Of([1, 2], power: 2), "*[0, 1]*");
        Throws<ArgumentOutOfRangeException>(() => ClassLengths.Of([1, 2], power: double.NaN), "*[0, 1]*");
    }

    private static void Throws<TException>(Action action, string message)
        where TException : Exception => action.Should().Throw<TException>().WithMessage(message);
}
