namespace EtfNet;

/// <summary>Declares a field or property to be a part of its type's state. Saving, loading, the check before loading, merging, the reset
/// and the size follow from it.</summary>
/// <remarks>
/// <para>A part may be a number, a bool, a text, an enum, an array or an array of arrays of numbers, a TorchSharp tensor, another declared
/// type, an <see cref="ICustomState"/>, or a dictionary (by text) or list of any of these; and, with <see cref="Json"/>, any type that JSON
/// can hold. Numbers and texts go to the metadata, arrays and tensors to tensors. A nullable part is optional. A read-only field holds an
/// object, or an array of a fixed length, that is filled in its place.</para>
/// <para>A name in the file is the path of the members' names in lower case: <c>layers.fc1.non_finite</c>.</para>
/// </remarks>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
internal sealed class StateAttribute(MergeRule merge = MergeRule.Keep) : Attribute
{
    /// <summary>What becomes of it when states are merged. The default is that it stays.</summary>
    public MergeRule Merge { get; } = merge;

    /// <summary>Its name in files. The default is the member's, in lower case with underscores.</summary>
    public string? Name { get; init; }

    /// <summary>The dimensions of an array or tensor, separated by commas: names of whole numbers of this state, in code or in files, or
    /// names that stand for one length throughout it.</summary>
    public string? Shape { get; init; }

    /// <summary>The least value of a number or of an array's elements. The default is no bound.</summary>
    public double AtLeast { get; init; } = double.NegativeInfinity;

    /// <summary>The name in code of a number of this state that it may not exceed.</summary>
    public string? AtMost { get; init; }

    /// <summary>Whether NaN and infinities are refused. The default is false.</summary>
    public bool Finite { get; init; }

    /// <summary>The <see cref="System.Text.Json.Serialization.JsonSerializerContext"/> that writes it as JSON into the metadata.</summary>
    public Type? Json { get; init; }
}
