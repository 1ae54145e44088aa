namespace EtfNet;

/// <summary>A value that was read and not yet taken.</summary>
/// <param name="Value">What conditions look at.</param>
/// <param name="Take">Gives what the member is set to; called once, when all was checked.</param>
internal sealed record PendingValue(object? Value, Func<object?> Take)
{
    public static PendingValue Of(object? value) => new(value, () => value);
}
