namespace EtfNet;

/// <summary>Whether labels are one per sample or one per position; what the first ones are is what all are.</summary>
internal enum LabelKind
{
    Unknown,
    PerSample,
    PerPosition,
}
