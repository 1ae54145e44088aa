namespace EtfNet;

/// <summary>The header of a safetensors file.</summary>
/// <param name="Tensors">The tensors in the order of their data.</param>
/// <param name="Metadata">The free texts.</param>
/// <param name="ChecksumAt">Where in the header the digits of the checksum begin; negative where there is none.</param>
internal sealed record SafetensorsHeader(
    IReadOnlyList<SafetensorsEntry> Tensors, IReadOnlyDictionary<string, string> Metadata, int ChecksumAt)
{
    /// <summary>The published limit of the header's length.</summary>
    public const int MaxLength = 100_000_000;

    public const string MetadataName = "__metadata__";

    /// <summary>The metadata entries that files of this library have, and files of other programs have not.</summary>
    public const string VersionName = "etfnet.version";

    public const string KindName = "etfnet.kind";

    public const string ChecksumName = "etfnet.sha256";

    /// <summary>The version that this library writes, and the newest that it reads.</summary>
    public const int Version = 1;

    /// <summary>Whether a metadata entry is one of the format's own.</summary>
    public static bool IsOwn(string name) => name is VersionName or KindName or ChecksumName;

    /// <summary>The bytes of data behind the header.</summary>
    public long DataLength => Tensors.Count == 0 ? 0 : Tensors[^1].End;
}
