namespace EtfNet.Samples;

/// <summary>A table: a row per variant.</summary>
/// <param name="Title">Its title.</param>
/// <param name="Columns">Names of <see cref="Column"/>; <c>layers</c> stands for each layer's NCC error.</param>
/// <param name="Runs">Patterns of the variants that it shows; by default all.</param>
/// <param name="Not">Patterns of variants that it does not show.</param>
/// <param name="Rows">More rows, of others' results.</param>
internal sealed record TableTemplate(string Title, IReadOnlyList<string> Columns, IReadOnlyList<string>? Runs = null,
    IReadOnlyList<string>? Not = null, IReadOnlyList<IReadOnlyList<string>>? Rows = null);
