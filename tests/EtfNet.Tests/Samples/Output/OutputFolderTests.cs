using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Output;

public sealed class OutputFolderTests
{
    [Fact]
    public void Create_NewFolder_LeavesItEmpty()
    {
        using var temporary = new TemporaryFolder();

        var folder = OutputFolder.Create(temporary.File("a/b"));

        Directory.EnumerateFileSystemEntries(folder.Path).Should().BeEmpty();
    }

    [Fact]
    public void Create_BelowAFile_SaysWhichAndWhatToDo()
    {
        using var temporary = new TemporaryFolder();
        File.WriteAllText(temporary.File("file"), "");

        FluentActions.Invoking(() => OutputFolder.Create(temporary.File("file/out"))).Should().Throw<SampleException>()
            .Which.Message.Should().Contain("--out").And.Contain(temporary.File("file/out")).And.NotContain("\n");
    }

    [Fact]
    public void Write_Twice_KeepsTheSecondAndNothingElse()
    {
        using var temporary = new TemporaryFolder();
        var folder = OutputFolder.Create(temporary.Path);

        folder.Write("name", [1, 2, 3]);
        folder.Write("name", [4]);

        File.ReadAllBytes(temporary.File("name")).Should().Equal(4);
        Directory.EnumerateFileSystemEntries(folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void Write_WhereItCannot_ThrowsAndLeavesNothing()
    {
        using var temporary = new TemporaryFolder();
        var folder = OutputFolder.Create(temporary.Path);
        Directory.CreateDirectory(temporary.File("name"));

        FluentActions.Invoking(() => folder.Write("name", [1])).Should().Throw<SampleException>().Which.Message.Should().Contain("name");

        Directory.EnumerateFiles(folder.Path).Should().BeEmpty();
    }
}
