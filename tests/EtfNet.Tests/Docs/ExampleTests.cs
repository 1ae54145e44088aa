using System.Net;
using System.Text.RegularExpressions;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Docs;

/// <summary>The examples in the library's documentation comments compile, and the main members have one.</summary>
public sealed partial class ExampleTests
{
    private static readonly string[] s_files =
    [
        "ModuleExtensions.cs", "SafetensorsExtensions.cs", "Adaptive/AdaptiveEtfScheduler.cs", "Adaptive/AdaptiveEtfScheduler.Epochs.cs",
        "Adaptive/History/EtfHistory.cs", "Monitoring/NccMonitor.cs", "Checkpoints/EtfCheckpoint.cs",
        "Collapse/Metrics/CollapseMetrics.Of.cs", "Layers/Convolutions/SimplexEtfConv2d.cs",
    ];

    public static TheoryData<string> Files => [.. s_files];

    [Theory]
    [MemberData(nameof(Files))]
    public void Examples_OfTheMainMembers_Compile(string file)
    {
        var blocks = Blocks(file, File.ReadAllText(Repository.Path("src/EtfNet/" + file))).ToList();
        blocks.Should().NotBeEmpty();
        blocks.SelectMany(BlockCompiler.Errors).Should().BeEmpty();
    }

    [Fact]
    public void Examples_OfEveryOtherFile_Compile() =>
        Directory.EnumerateFiles(Repository.Path("src/EtfNet"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !s_files.Any(known => file.EndsWith(known, StringComparison.Ordinal)))
            .SelectMany(file => Blocks(file, File.ReadAllText(file))).SelectMany(BlockCompiler.Errors).Should().BeEmpty();

    private static IEnumerable<CodeBlock> Blocks(string file, string text) =>
        Code().Matches(text.ReplaceLineEndings("\n")).Select(match => new CodeBlock(
            file, text[..match.Index].Count(letter => letter == '\n') + 2,
            WebUtility.HtmlDecode(Slashes().Replace(match.Groups[1].Value, ""))));

    [GeneratedRegex(@"^ */// <code>\n(.*?)^ */// </code>$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^ */// ?", RegexOptions.Multiline)]
    private static partial Regex Slashes();
}
