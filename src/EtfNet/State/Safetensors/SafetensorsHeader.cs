namespace EtfNet;

/// <summary>The header of a safetensors file.</summary>
/// <param name="Tensors">The tensors in the order of their data.</param>
/// <param name="Metadata">The free texts.</param>
/// <param name="ChecksumAt">Where in the header the digits of the checksum begin; negative where there is none.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Tensors, IReadOnlyDictionary<string, string> Metadata, int ChecksumAt)
{
    /// <summary>The published limit of the header's length.</summary>
    public const int MaxLength = 100_000_000;

    public const string MetadataName = "__metadata__";

    /// <summary>What all metadata entries of this library's own begin with.</summary>
    public const string OwnPrefix = "etfnet.";

    public const string VersionName = OwnPrefix + "version";

    public const string KindName = OwnPrefix + "kind";

    public const string ChecksumName = OwnPrefix + "sha256";

    /// <summary>The version that this library writes, and the newest that it reads.</summary>
    public const int Version = 1;

    /// <summary>The bytes of data behind the header.</summary>
    public long DataLength => Tensors.Count == 0 ? 0 : Tensors[^1].End;
}
