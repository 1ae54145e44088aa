namespace EtfNet;

/// <summary>Checks of values where an option takes them.</summary>
internal static class OptionCheck
{
    /// <summary>Returns a value if its enumeration defines it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of the enumeration's.</exception>
    public static T Defined<T>(T value, string name)
        where T : struct, Enum =>
        Enum.IsDefined(value) ? value : throw new ArgumentOutOfRangeException(name, value, $"Must be one of {typeof(T).Name}.");
}
