namespace EtfNet.Samples;

/// <summary>A layer after an epoch.</summary>
/// <param name="Name">Its name.</param>
/// <param name="NccError">Its nearest-class-center error; null where it was not scored, as in the first epoch.</param>
/// <param name="Note">Why it is not fixed although its error is at or below epsilon; null otherwise.</param>
public sealed record LayerResult(string Name, double? NccError, string? Note);
