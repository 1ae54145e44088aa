namespace EtfNet;

/// <summary>Parts of messages.</summary>
internal static class Words
{
    /// <summary>A number and what it counts, in the plural where it is not one.</summary>
    public static string Count(long number, string noun) => FormattableString.Invariant($"{number} {noun}{(number == 1 ? "" : "s")}");

    /// <summary>An exception's message without the parameter's name and value, which would confuse a caller who never passed that
    /// parameter.</summary>
    public static string Plain(ArgumentException exception)
    {
        var end = exception.ParamName is { } name ? exception.Message.IndexOf($" (Parameter '{name}')", StringComparison.Ordinal) : -1;
        return end < 0 ? exception.Message : exception.Message[..end];
    }

    /// <summary>A layer's name for people: that of the model itself is empty.</summary>
    public static string Layer(string name) => name.Length == 0 ? "(model)" : name;

    /// <summary>Names in quotes, with commas.</summary>
    public static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
