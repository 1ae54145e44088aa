using System.Text.RegularExpressions;
using EtfNet.Eng;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Eng;

public sealed partial class PackedReadmeTests
{
    private const string Url = "https://github.com/someone/EtfNet";

    private static readonly string s_readme = File.ReadAllText(Repository.Path("README.md"));

    [Theory]
    [InlineData("[a](docs/b.md#c)", "[a](https://github.com/o/r/blob/1f/docs/b.md#c)", "a")]
    [InlineData("![a](p.png)", "![a](https://raw.githubusercontent.com/o/r/1f/p.png)", "")]
    [InlineData("x [a](https://b.c) [d](#e)", "x [a](https://b.c) [d](#e)", "x [a](https://b.c) [d](#e)")]
    [InlineData("[`a[0]`](b.cs)", "[`a[0]`](https://github.com/o/r/blob/1f/b.cs)", "`a[0]`")]
    [InlineData("`[a](b)`", "`[a](b)`", "`[a](b)`")]
    [InlineData("```cs\n[a](b)\n```\n[c](d)", "```cs\n[a](b)\n```\n[c](https://github.com/o/r/blob/1f/d)", "```cs\n[a](b)\n```\nc")]
    [InlineData("a\n<!-- b\n -->\nc", "a\nc", "a\nc")]
    public void Rewrite_Text_IsAsWanted(string text, string inPublic, string elsewhere)
    {
        PackedReadme.Rewrite(text, "https://github.com/o/r.git", "1f").Should().Be(inPublic);
        PackedReadme.Rewrite(text, "", "1f").Should().Be(elsewhere);
        PackedReadme.Rewrite(text, "https://github.com/o/r", "").Should().Be(elsewhere, "no revision is known");
    }

    [Theory]
    [InlineData("https://github.com/o/r.git", "https://github.com/o/r")]
    [InlineData("https://github.com/o/r/", "https://github.com/o/r")]
    [InlineData("https://github.com/o/r.net.git", "https://github.com/o/r.net")]
    [InlineData("https://user:secret@github.com/o/r", null)]
    [InlineData("file:///home/me/r", null)]
    [InlineData("https://example.org/o/r", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void PublicUrl_OfARemote_IsThatOfAPublicRepositoryOnly(string? remote, string? url) =>
        PackedReadme.PublicUrl(remote).Should().Be(url);

    /// <summary>Every link of the README that nuget.org shows is absolute, and what it names is there.</summary>
    [Fact]
    public void Rewrite_Readme_LeavesNoRelativeLinkAndNoHtml()
    {
        var packed = PackedReadme.Rewrite(s_readme, Url, "abc");

        var targets = Targets().Matches(packed).Select(match => match.Groups[1].Value).Where(target => target[0] != '#').ToList();
        targets.Should().HaveCountGreaterThan(20).And.OnlyContain(target => target.StartsWith("https://", StringComparison.Ordinal));
        var own = targets.Select(target => Own().Match(target)).Where(match => match.Success)
            .Select(match => match.Groups[1].Value.Split('#')[0]).ToList();
        own.Should().HaveCountGreaterThan(20);
        own.Where(path => !File.Exists(Repository.Path(path))).Should().BeEmpty();
        packed.Should().NotContain("<!--").And.Contain("![").And.Contain("raw.githubusercontent.com");

        Targets().Matches(PackedReadme.Rewrite(s_readme, "", "")).Select(match => match.Groups[1].Value)
            .Should().OnlyContain(target => target.StartsWith("https://", StringComparison.Ordinal) || target.StartsWith('#'));
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Targets();

    [GeneratedRegex(@"^https://(?:github\.com/someone/EtfNet/blob|raw\.githubusercontent\.com/someone/EtfNet)/abc/(.*)$")]
    private static partial Regex Own();
}
