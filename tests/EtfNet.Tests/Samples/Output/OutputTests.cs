using EtfNet.Samples;
using EtfNet.Tests.Samples.Training;
using EtfNet.Tests.Support;
using FluentAssertions;
using SkiaSharp;
using Xunit;

namespace EtfNet.Tests.Samples.Output;

public sealed class OutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Folder_BelowAFile_SaysWhichAndWhatToDo()
    {
        File.WriteAllText(_folder.File("file"), "");

        FluentActions.Invoking(() => new OutputFolder(_folder.File("file/out"))).Should().Throw<SampleException>()
            .Which.Message.Should().Contain("--out").And.Contain(_folder.File("file/out")).And.NotContain("\n");
    }

    [Fact]
    public void Write_Twice_KeepsTheSecondAndNothingElse()
    {
        var folder = new OutputFolder(_folder.File("a/b"));
        Directory.EnumerateFileSystemEntries(folder.Path).Should().BeEmpty();

        folder.Write("name", "first");
        folder.Write("name", "second");

        File.ReadAllText(folder.File("name")).Should().Be("second");
        Directory.EnumerateFileSystemEntries(folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void Write_WhereItCannot_ThrowsAndLeavesNothing()
    {
        var folder = new OutputFolder(_folder.Path);
        Directory.CreateDirectory(_folder.File("name"));

        FluentActions.Invoking(() => folder.Write("name", "text")).Should().Throw<SampleException>().Which.Message.Should().Contain("name");

        Directory.EnumerateFiles(folder.Path).Should().BeEmpty();
    }

    [Fact]
    public void New_FolderOfAnEarlierRun_IsNotTakenAgain()
    {
        var names = Enumerable.Range(0, 3).Select(_ => Path.GetFileName(OutputFolder.New(_folder.File("run")).Path)).ToList();

        names.Should().Equal("run", "run-2", "run-3");
    }

    [Fact]
    public void Markdown_Cells_AreAlignedAndEscaped() =>
        Tables.Markdown(["a", "long heading"], [["x|y", "1"]]).Should()
            .Be("| a    | long heading |\n| ---- | -----------: |\n| x\\|y |            1 |\n");

    [Fact]
    public void History_Runs_IsALinePerEpoch() =>
        Tables.History([("baseline", [Epochs.Epoch(1)]), ("adaptive, fast", [Epochs.Epoch(1), Epochs.Epoch(2, [Epochs.Fixed("head", 2)])])])
            .TrimEnd().Split('\n').Should().Equal(
                "run,epoch,loss,learningRate,trainAccuracy,testAccuracy,seconds,monitoringSeconds,trainableParameters,fixedLayers,"
                    + "nccError:linear1,nccError:head",
                "baseline,1,1,0.05,0.51,0.41,1,0.1,100,,,", "\"adaptive, fast\",1,1,0.05,0.51,0.41,1,0.1,100,,,",
                "\"adaptive, fast\",2,0.5,0.05,0.52,0.42,2,0.2,100,head,0.25,0.0625");

    /// <summary>A line through one point has no length: without a mark it would not be seen.</summary>
    [Fact]
    public void Png_LineOfOnePoint_IsSeen()
    {
        using var empty = Picture(new Chart("", "", "").Line("", [(1, null, 0)]).Level(1).Level(2));
        using var point = Picture(new Chart("", "", "").Line("", [(1, 1.5, 0)]).Level(1).Level(2));

        (Colored(point) - Colored(empty)).Should().BeGreaterThan(20);

        static SKBitmap Picture(Chart chart) => SKBitmap.Decode(Chart.Png(chart));

        static int Colored(SKBitmap picture) => picture.Pixels.Count(pixel => Math.Abs(pixel.Red - pixel.Blue) > 60);
    }

    [Fact]
    public void Png_ChartsOfRuns_AreSideBySide()
    {
        (string, IReadOnlyList<EpochResult>)[] runs =
            [("one", [Epochs.Epoch(1)]), ("two", [Epochs.Epoch(1), Epochs.Epoch(2, [Epochs.Fixed("head", 2)])])];
        using var one = SKBitmap.Decode(Chart.Png(Chart.Accuracies(runs)));
        using var two = SKBitmap.Decode(Chart.Png(Chart.NccErrors(runs, epsilon: 0.1)));

        two.Width.Should().BeGreaterThan(one.Width);
        two.Height.Should().Be(one.Height);
    }
}
