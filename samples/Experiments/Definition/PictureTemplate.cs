namespace EtfNet.Samples;

/// <summary>A picture of charts side by side.</summary>
/// <param name="File">The end of its file's name.</param>
/// <param name="Caption">What it shows.</param>
/// <param name="Charts"><c>accuracy</c>, <c>ncc-error</c>, or a column over <c>epochs</c>, <c>seconds</c>, <c>layers</c> or a key.</param>
/// <param name="Runs">Patterns of the variants that it shows; by default all.</param>
/// <param name="Each">Whether there is one for each of the variants' first parts, before a colon.</param>
internal sealed record PictureTemplate(
    string File, string Caption, IReadOnlyList<string> Charts, IReadOnlyList<string>? Runs = null, bool Each = false);
