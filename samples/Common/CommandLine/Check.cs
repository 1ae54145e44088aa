namespace EtfNet.Samples;

/// <summary>Checks what a user gives, and says in one line what is wrong.</summary>
internal static class Check
{
    /// <exception cref="ArgumentException">The value is not as wanted.</exception>
    public static T That<T>(T value, bool isRight, string wanted) => isRight ? value : throw new ArgumentException($"{wanted}.");

    public static T AtLeast<T>(int least, T value) => That(value, value is not int number || number >= least, $"must be at least {least}");

    /// <summary>Whether an error is in what the user gave, and not in the program.</summary>
    public static bool CanBeMended(Exception error) => error is SampleException or EtfStateException or ArgumentException
        or NotSupportedException or IOException or UnauthorizedAccessException or InvalidDataException or FormatException
        or OverflowException or JsonException;

    /// <summary>Calls a function; an error that a user can mend becomes one line.</summary>
    /// <param name="function">The function.</param>
    /// <param name="explain">Makes the line from the error's own message.</param>
    /// <exception cref="SampleException">The function failed so.</exception>
    public static T Explained<T>(Func<T> function, Func<string, string> explain)
    {
        try
        {
            return function();
        }
        catch (Exception error) when (CanBeMended(error) && error is not SampleException)
        {
            throw new SampleException(explain(Line(error).TrimEnd('.')), error);
        }
    }

    /// <summary>An exception's message on one line, without the name of the parameter: the user gave an option.</summary>
    public static string Line(Exception error) => error.Message.ReplaceLineEndings(" ").Split(" (Parameter '")[0];
}
