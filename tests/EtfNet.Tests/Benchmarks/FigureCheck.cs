using System.Text.RegularExpressions;

namespace EtfNet.Tests.Benchmarks;

/// <summary>Whether the figures of the README's excerpt come from a report.</summary>
internal static partial class FigureCheck
{
    /// <summary>What stands in the README between the comments <c>benchmarks</c> and <c>/benchmarks</c>; empty where there is
    /// none.</summary>
    public static string Excerpt(string readme) => Marked().Match(readme).Groups[1].Value;

    /// <summary>The lines with figures: lines of a table, or of text, that hold a digit; not pictures and links, whose names may.</summary>
    public static IEnumerable<string> FigureLines(string excerpt) =>
        excerpt.Split('\n').Select(line => line.Trim()).Where(line => Link().Replace(line, "").Any(char.IsAsciiDigit));

    /// <summary>The lines of the excerpt that stand in no report; spaces that align columns do not matter.</summary>
    public static IEnumerable<string> Missing(string excerpt, IEnumerable<string> reports)
    {
        var known = reports.SelectMany(report => report.Split('\n')).Select(Bare).ToHashSet();
        return FigureLines(excerpt).Where(line => !known.Contains(Bare(line)));
    }

    /// <summary>The pictures that the excerpt shows, as paths from the README.</summary>
    public static IEnumerable<string> Pictures(string excerpt) => Picture().Matches(excerpt).Select(match => match.Groups[1].Value);

    private static string Bare(string line) => Spaces().Replace(line.Trim(), " ");

    [GeneratedRegex(@"<!-- benchmarks -->(.*?)<!-- /benchmarks -->", RegexOptions.Singleline)]
    private static partial Regex Marked();

    [GeneratedRegex(@"!?\[[^\]]*\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"!\[[^\]]*\]\(([^)]*)\)")]
    private static partial Regex Picture();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
