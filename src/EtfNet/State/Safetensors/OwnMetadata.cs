using System.Globalization;

namespace EtfNet;

/// <summary>The metadata that only files of this library have: version, kind and checksum.</summary>
internal static class OwnMetadata
{
    /// <summary>Checks the entries; a file with none of them is another program's.</summary>
    /// <param name="header">The header.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <returns>The kind of state; null for another program's file.</returns>
    /// <exception cref="EtfStateException">An entry is missing or damaged, or the file is of a newer version.</exception>
    public static string? Require(SafetensorsHeader header, int length)
    {
        if (!header.Metadata.Keys.Any(SafetensorsHeader.IsOwn))
            return null;
        if (!header.Metadata.TryGetValue(SafetensorsHeader.VersionName, out var text)
            || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) || version < 1)
            throw SafetensorsReader.Error(SafetensorsHeader.VersionName, "this entry of the metadata is missing or not a version");
        if (version > SafetensorsHeader.Version)
            throw new EtfStateException(
                null, SafetensorsHeader.VersionName,
                $"it is of version {version}; this library reads up to version {SafetensorsHeader.Version}", "Update EtfNet.");
        if (!header.Metadata.TryGetValue(SafetensorsHeader.KindName, out var kind))
            throw SafetensorsReader.Error(SafetensorsHeader.KindName, "this entry of the metadata is missing");
        if (header.ChecksumAt < 0)
            throw SafetensorsReader.Error(SafetensorsHeader.ChecksumName, "this entry of the metadata is missing or not a checksum");
        return length % 8 == 0
            ? kind
            : throw SafetensorsReader.Error(null, $"its header of {length} bytes is not padded to a multiple of 8");
    }
}
