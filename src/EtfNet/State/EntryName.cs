using System.Globalization;
using System.Text;

namespace EtfNet;

/// <summary>Names of tensors and metadata entries, which come from files and may hold anything.</summary>
internal static class EntryName
{
    private const int Longest = 200;

    /// <summary>A name as messages show it: in quotes, control characters escaped, not longer than a line.</summary>
    public static string Quote(string name)
    {
        var text = new StringBuilder("'");
        foreach (var letter in name.Length > Longest ? name[..Longest] : name)
            if (char.IsControl(letter) || char.IsSurrogate(letter))
                text.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
            else
                text.Append(letter);
        return text.Append(name.Length > Longest ? "...'" : "'").ToString();
    }

    /// <summary>Two parts of a name, joined by a dot; either may be empty.</summary>
    public static string Join(string first, string second) => first.Length == 0 ? second : second.Length == 0 ? first : $"{first}.{second}";

    /// <summary>The name of a member in files: <c>NonFinite</c> and <c>_nonFinite</c> are both <c>non_finite</c>.</summary>
    public static string OfMember(string member)
    {
        var text = new StringBuilder();
        foreach (var letter in member.TrimStart('_'))
        {
            if (char.IsUpper(letter) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
