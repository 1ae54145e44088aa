namespace EtfNet.Samples;

/// <summary>Variants of an experiment, one for each combination of the values of its keys.</summary>
/// <param name="Name">A row in tables, and the first part of its runs' keys.</param>
/// <param name="Settings">What differs from the basis, as <c>name=value</c>.</param>
/// <param name="Line">The line in pictures over a key.</param>
/// <param name="FirstSeedOnly">Whether the other seeds leave it out.</param>
internal sealed record VariantTemplate(
    string Name, string Settings = "", string? Line = null, bool FirstSeedOnly = false);
