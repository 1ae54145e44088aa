using System.Globalization;

namespace EtfNet.Benchmarks.Setup;

/// <summary>Takes options out of a command line, wherever they stand; what is left belongs to somebody else, or is an error.</summary>
internal sealed class Options(IEnumerable<string> args)
{
    private readonly List<string> _left = [.. args];

    /// <summary>What nobody has taken yet.</summary>
    public string[] Left => [.. _left];

    /// <summary>Takes an option and its value; null where it is not given.</summary>
    /// <exception cref="OptionException">It is given without a value.</exception>
    public string? Take(string name)
    {
        var at = _left.IndexOf(name);
        if (at < 0)
            return null;
        if (at + 1 == _left.Count || _left[at + 1].StartsWith("--", StringComparison.Ordinal))
            throw new OptionException($"{name} needs a value.");
        var value = _left[at + 1];
        _left.RemoveRange(at, 2);
        return value;
    }

    /// <summary>Takes an option without a value.</summary>
    public bool TakeFlag(string name) => _left.Remove(name);

    /// <summary>Takes an option whose value is a whole number of at least 1.</summary>
    /// <exception cref="OptionException">The value is another.</exception>
    public int TakeCount(string name, int otherwise) => Take(name) switch
    {
        null => otherwise,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 => count,
        var text => throw new OptionException($"{name} {text}: give a whole number of at least 1."),
    };

    /// <summary>Ends a command line.</summary>
    /// <exception cref="OptionException">Something was not taken.</exception>
    public void End(string usage)
    {
        if (_left.Count > 0)
            throw new OptionException($"Unknown argument '{_left[0]}'. Usage: {usage}");
    }
}
