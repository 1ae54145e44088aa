namespace EtfNet;

/// <summary>The forwards that labels belong to.</summary>
/// <param name="kind">What the labels are.</param>
/// <param name="forwards">The forwards, in their order, each with its part of the labels.</param>
/// <param name="isNamed">Whether the forward was named by its output: others may be named after it.</param>
internal sealed class LabelMatch(LabelKind kind, IReadOnlyList<LabeledForward> forwards, bool isNamed)
{
    public LabelKind Kind { get; } = kind;

    public IReadOnlyList<LabeledForward> Forwards { get; } = forwards;

    public bool IsNamed { get; } = isNamed;
}
