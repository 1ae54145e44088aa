using System.Text.RegularExpressions;

namespace EtfNet.Tests.Docs;

/// <summary>A command that a page tells its reader to run.</summary>
/// <param name="Page">The page's path from the repository's root.</param>
/// <param name="Line">Its line, from 1.</param>
/// <param name="Words">Its words, without comment and quotes, with the variables that its block sets put in.</param>
internal sealed partial record ShellCommand(string Page, int Line, string[] Words)
{
    public override string ToString() => $"{Page}:{Line}: {string.Join(' ', Words)}";

    /// <summary>The lines of all sh blocks, and what stands in backticks in a table and begins with dotnet or a script's path.</summary>
    public static IReadOnlyList<ShellCommand> Read(string page, string text)
    {
        var commands = new List<ShellCommand>();
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var variables = new Dictionary<string, string>();
        var inside = false;
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
                (inside, variables) = (lines[i] == "```sh", []);
            else if (inside && Assignment().Match(lines[i]) is { Success: true } assignment)
                variables.Add("$" + assignment.Groups[1].Value, assignment.Groups[2].Value);
            else if (inside && !string.IsNullOrWhiteSpace(lines[i]))
                commands.Add(new ShellCommand(page, i + 1, Split(variables.Aggregate(
                    lines[i], (line, variable) => line.Replace(variable.Key, variable.Value, StringComparison.Ordinal)))));
            else if (lines[i].StartsWith('|'))
                commands.AddRange(InTable().Matches(lines[i]).Select(match => new ShellCommand(page, i + 1, Split(match.Groups[1].Value))));
        }

        return commands;
    }

    private static string[] Split(string line) =>
        [.. Comment().Replace(line, "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim('\'', '"'))];

    [GeneratedRegex(@"^(\w+)=""([^""]*)""$")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"\s#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"`((?:dotnet (?:run|test|build|pack)|eng/|\.ci/|src/[\w./-]+\.sh)[^`]*)`")]
    private static partial Regex InTable();
}
