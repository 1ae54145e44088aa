using FluentAssertions;
using Xunit;
using static FluentAssertions.FluentActions;

namespace EtfNet.Tests.Geometry;

public sealed class EtfFrameTests
{
    [Fact]
    public void ToString_AnyChoice_NamesItAndItsNumbers()
    {
        EtfFrame.Identity.ToString().Should().Be("Identity");
        EtfFrame.Nearest.OrColumns.ToString().Should().Be("Nearest or columns");
        EtfFrame.Random(7).ToString().Should().Be("Random(seed 7)");
        EtfFrame.DenseRandom(-1).OrColumns.ToString().Should().Be("DenseRandom(seed -1) or columns");
        EtfFrame.Aligned(20).ToString().Should().Be("Aligned(rank 20)");
        (EtfFrame.Aligned(20) with { ByClassMeans = true }).ToString().Should().Be("Aligned(rank 20, class means)");
        EtfFrame.AlignedToEnergy(0.9, 20).ToString().Should().Be("Aligned(energy 0.9, rank at most 20)");
        EtfFrame.AlignedToEnergy(1, 20).ToString().Should().Be("Aligned(rank 20)");
    }

    [Fact]
    public void Choices_HoldWhatWasAskedFor()
    {
        var plain = EtfFrame.Identity;
        (plain.Kind, plain.Seed, plain.Rank, plain.Energy, plain.AllowsColumns).Should().Be((EtfFrameKind.Identity, 0, 0, 1, false));
        var energy = EtfFrame.AlignedToEnergy(0.5, 1);
        (energy.Kind, energy.Rank, energy.Energy).Should().Be((EtfFrameKind.Aligned, 1, 0.5));
        EtfFrame.Aligned(1).Should().Be(EtfFrame.AlignedToEnergy(1, 1));
        EtfFrame.Random(4).OrColumns.AllowsColumns.Should().BeTrue();
    }

    [Fact]
    public void AlignedToEnergy_OutOfRange_Throws()
    {
        foreach (var energy in new[] { 0, -0.1, 1.001, double.NaN })
            Invoking(() => EtfFrame.AlignedToEnergy(energy, 3))
                .Should().Throw<ArgumentOutOfRangeException>().WithParameterName(nameof(energy));
        Invoking(() => EtfFrame.AlignedToEnergy(1, 0)).Should().Throw<ArgumentOutOfRangeException>().WithParameterName("maxRank");
    }

    /// <summary>Row frames up to K = d + 1, column frames beyond it from two columns on, and nothing else.</summary>
    [Fact]
    public void Shape_AnyNumbers_ExistsWhereItCanBeMade()
    {
        for (var rows = -1; rows < 7; rows++)
            for (var columns = -1; columns < 7; columns++)
                foreach (var frame in new[] { EtfFrame.Identity, EtfFrame.Identity.OrColumns })
                {
                    var byRows = rows >= 2 && columns >= 1 && rows <= columns + 1;
                    var byColumns = frame.AllowsColumns && columns >= 2 && rows > columns + 1;
                    FrameShape.Exists(frame, rows, columns).Should().Be(byRows || byColumns, "{0} x {1}", rows, columns);
                    Func<FrameShape> make = () => FrameShape.For(frame, rows, columns, "K", "d");
                    if (byRows || byColumns)
                        make().Should().Be(new FrameShape(rows, columns, byColumns));
                    else
                        make.Should().Throw<ArgumentOutOfRangeException>();
                }
    }

    [Fact]
    public void Shape_Points_AreRowsOrColumns()
    {
        var row = new FrameShape(4, 9, false);
        (row.Points, row.Space).Should().Be((4, 9));
        row.Norm.Should().BeApproximately(Math.Sqrt(4.0 / 3), 1e-15);
        var column = new FrameShape(9, 4, true);
        (column.Points, column.Space, column.Norm).Should().Be((4, 9, row.Norm));
    }
}
