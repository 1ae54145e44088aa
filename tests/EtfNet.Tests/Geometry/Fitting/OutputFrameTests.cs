using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Geometry;

public sealed class OutputFrameTests
{
    public static TheoryData<long, long, double> Shapes => new()
    {
        { 64, 576, 0.97 }, { 64, 576, 1 }, { 16, 144, 0.95 }, { 64, 80, 0.9 }, { 96, 100, 0.9 }, { 10, 64, 0.9 }, { 2, 9, 0.5 },
        { 30, 1100, 0.99 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Fit_InputsOfAnySpectrum_IsASimplexEtfThatBeatsThePolarFactor(long rows, long columns, double decay)
    {
        for (var seed = 0; seed < 3; seed++)
        {
            using var scope = NewDisposeScope();
            var (x, t) = Layer(rows, columns, decay, 4 * columns, seed);
            var (cross, shape) = (t.t().mm(x) / x.shape[0], new FrameShape(rows, columns, false));
            if (OutputFrame.Fit(cross, 0, x, shape) is not { } unit)
            {
                columns.Should().BeLessThan(rows + (rows / 10) + 2, "with room there is such a frame");
                continue;
            }

            var departure = EtfDeparture.Of(unit, false);
            new[] { departure.Norms, departure.Cosines, departure.Tightness }.Should().OnlyContain(one => one < 1e-12);
            Error(unit, x, t).Should().BeLessThan(Error(NearestFrame.Polar(cross, shape).Unit, x, t) + 1e-9);
            var again = OutputFrame.Fit(cross, 0, x, shape)!;
            Sample.Max(again - unit).Should().Be(0, "nothing in it is drawn anew");
        }
    }

    /// <summary>Inputs of few dimensions leave all of the rest for what the frame's rows need to be of one length.</summary>
    [Theory]
    [InlineData(32, 288, 40)]
    [InlineData(20, 60, 30)]
    [InlineData(8, 200, 3)]
    public void Fit_InputsOfFewDimensions_OnlyTheMeanOverTheOutputsIsLost(long rows, long columns, long dimensions)
    {
        using var scope = NewDisposeScope();
        var x = Sample.Normal(4, 500, dimensions).mm(Sample.Orthonormal(5, columns, dimensions).t());
        var t = x.mm(Sample.Normal(3, rows, columns).t());

        var unit = OutputFrame.Fit(t.t().mm(x) / 500, 0, x, new FrameShape(rows, columns, false))!;

        var lost = (t.mean([1], keepdim: true) * Math.Sqrt(rows)).norm() / t.norm();
        Error(unit, x, t).Should().BeApproximately(lost.item<double>(), 1e-3);
    }

    /// <summary>By brute force: gradients over all matrices with orthonormal rows, from several starts.</summary>
    [Theory]
    [InlineData(4, 8, 0.7)]
    [InlineData(6, 16, 0.8)]
    [InlineData(5, 7, 0.6)]
    public void Fit_SmallShapes_IsAsNearAsABruteForceSearch(long rows, long columns, double decay)
    {
        using var scope = NewDisposeScope();
        var (x, t) = Layer(rows, columns, decay, 400, 7);
        var (cross, shape) = (t.t().mm(x) / x.shape[0], new FrameShape(rows, columns, false));
        var least = Enumerable.Range(0, 5).Min(seed => Searched(seed));

        Error(OutputFrame.Fit(cross, 0, x, shape)!, x, t).Should().BeLessThan(least + 0.01);

        double Searched(int seed)
        {
            var free = new TorchSharp.Modules.Parameter(Sample.Normal(100 + seed, rows - 1, columns));
            using var optimizer = optim.Adam([free], lr: 0.02);
            for (var i = 0; i < 600; i++)
            {
                using var step = NewDisposeScope();
                optimizer.zero_grad();
                var images = x.mm(UnitOf(free).t());
                (-(t * images).sum() / images.norm()).backward();
                optimizer.step();
            }

            using var noGrad = no_grad();
            return Error(UnitOf(free), x, t);
        }

        Tensor UnitOf(Tensor free) => Complement.Lift(linalg.qr(free.t()).Q.t());
    }

    /// <summary>Processes that add in another order get the same frame: also where units are dead, and the map has lost ranks.</summary>
    [Theory]
    [InlineData(16, 48, 0.9)]
    [InlineData(16, 24, 0.8)]
    [InlineData(24, 216, 0.97)]
    public void Fit_InputsThatDifferByRounding_IsTheSameFrame(long rows, long columns, double decay)
    {
        using var scope = NewDisposeScope();
        var (x, _) = Layer(rows, columns, decay, 3 * columns, 5);
        x[.., ..(int)(columns / 4)] = 0;
        var weight = Sample.LowRank(6, rows, columns, rows / 2);
        var others = x * (1 + (1e-15 * Sample.Normal(8, 3 * columns, columns)));

        Sample.Max(Frame(x) - Frame(others)).Should().BeLessThan(1e-6);

        Tensor Frame(Tensor inputs)
        {
            var floor = 1e-8 * inputs.square().mean().item<double>();
            var cross = weight.mm(inputs.t().mm(inputs) / inputs.shape[0]) + (weight * floor);
            return OutputFrame.Fit(cross, floor, inputs, new FrameShape(rows, columns, false))!;
        }
    }

    [Fact]
    public void Fit_NoRoomOrNoInput_IsNull()
    {
        using var scope = NewDisposeScope();
        var (x, t) = Layer(20, 20, 1, 100, 1);
        var cross = t.t().mm(x);
        OutputFrame.Fit(cross, 0, x, new FrameShape(20, 20, false)).Should().BeNull();
        OutputFrame.Fit(cross.t(), 0, t, new FrameShape(20, 20, true)).Should().BeNull();
        var (wide, _) = Layer(4, 60, 1, 100, 1);
        OutputFrame.Fit(zeros(4, 60, float64), 0, zeros_like(wide), new FrameShape(4, 60, false)).Should().BeNull("there is no input");
        OutputFrame.Fit(zeros(4, 60, float64), 0, wide, new FrameShape(4, 60, false)).Should().BeNull("there is nothing to come near to");
        OutputFrame.Fit(ones(4, 60, float64), 0, wide, new FrameShape(4, 60, false))
            .Should().BeNull("all of it is the mean over the outputs");
        OutputFrame.Fit(cross, 0, x.narrow(0, 0, 2), new FrameShape(20, 20, false)).Should().BeNull("two samples tell no direction well");
    }

    private static (Tensor X, Tensor T) Layer(long rows, long columns, double decay, long count, int seed)
    {
        var spread = (arange(columns, float64) * Math.Log(decay) / 2).exp();
        var x = Sample.Normal((10 * seed) + 1, count, columns).mul(spread).mm(Sample.Orthonormal((10 * seed) + 2, columns, columns));
        return (x, x.mm(Sample.Normal((10 * seed) + 3, rows, columns).t()));
    }

    private static double Error(Tensor unit, Tensor x, Tensor t)
    {
        var images = x.mm(unit.t());
        var cosine = ((t * images).sum() / images.norm() / t.norm()).item<double>();
        return Math.Sqrt(Math.Max(0, 1 - (cosine * cosine)));
    }
}
