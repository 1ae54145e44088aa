using System.Text.RegularExpressions;

namespace EtfNet.Tests.Docs;

/// <summary>A block of C# in a page: where it stands, and its text.</summary>
/// <param name="Page">The page's path from the repository's root.</param>
/// <param name="Line">The line of the block's first line of code, from 1.</param>
/// <param name="Code">The code.</param>
internal sealed partial record CodeBlock(string Page, int Line, string Code)
{
    private const string Fence = "```";

    /// <summary>A block that begins with a using directive is a whole program; any other is part of one, and is compiled with
    /// <see cref="Preamble"/>.</summary>
    public bool IsProgram => UsingDirective().IsMatch(Code);

    public override string ToString() => $"{Page}:{Line}";

    /// <summary>The blocks of C# in a page's text, in order.</summary>
    public static IReadOnlyList<CodeBlock> Read(string page, string text)
    {
        var blocks = new List<CodeBlock>();
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal))
                continue;
            var end = Array.FindIndex(lines, i + 1, line => line.StartsWith(Fence, StringComparison.Ordinal));
            if (end < 0)
                throw new InvalidDataException($"{page}: the block that begins in line {i + 1} does not end.");
            if (lines[i] is "```csharp" or "```cs" or "```c#")
                blocks.Add(new CodeBlock(page, i + 2, string.Join('\n', lines[(i + 1)..end]) + "\n"));
            i = end;
        }

        return blocks;
    }

    [GeneratedRegex(@"^using (static )?[\w.]+;")]
    private static partial Regex UsingDirective();
}
