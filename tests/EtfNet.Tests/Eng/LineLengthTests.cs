using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Eng;

/// <summary>Code is read side by side and in reviews: no line is longer than they show.</summary>
public sealed class LineLengthTests
{
    private const int MaxLength = 140;

    private static readonly string[] s_folders = ["eng", "samples", "src", "tests"];

    [Fact]
    public void Lines_OfEverySource_AreShortEnough()
    {
        var files = s_folders.SelectMany(folder => Directory.EnumerateFiles(Repository.Path(folder), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Repository.Path(""), file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(folder => folder is "bin" or "obj"))
            .ToList();
        files.Should().HaveCountGreaterThan(500);

        var tooLong =
            from file in files
            from line in File.ReadLines(Repository.Path(file)).Select((text, index) => (Number: index + 1, text.Length))
            where line.Length > MaxLength
            select $"{file}:{line.Number} has {line.Length} characters";
        tooLong.Should().BeEmpty("a line has at most {0} characters", MaxLength);
    }
}
