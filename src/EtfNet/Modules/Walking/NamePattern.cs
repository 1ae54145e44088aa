using System.IO.Enumeration;

namespace EtfNet;

/// <summary>Layer names by pattern: <c>*</c> stands for any characters, dots included, <c>?</c> for one; case counts.</summary>
internal static class NamePattern
{
    public static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    public static bool MatchesAny(IEnumerable<string> patterns, string name) => patterns.Any(pattern => Matches(pattern, name));
}
