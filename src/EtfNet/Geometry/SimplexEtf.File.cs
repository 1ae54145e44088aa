namespace EtfNet;

/// <content>Saving and loading.</content>
public sealed partial class SimplexEtf
{
    /// <summary>Saves the frame as a safetensors file: its factors as float64 tensors, bit for bit, and the rest as JSON in the metadata
    /// entry <c>frame</c>.</summary>
    /// <param name="path">The file; an existing file is replaced as a whole.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        SafetensorsWriter.Write(path, SimplexEtfFormat.Capture(this));
    }

    /// <summary>Writes what <see cref="Save(string)"/> saves to a stream.</summary>
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        SafetensorsWriter.Write(stream, SimplexEtfFormat.Capture(this));
    }

    /// <summary>Loads a frame that was saved.</summary>
    /// <param name="path">The file.</param>
    /// <returns>A frame equal to the one that was saved.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file contains no frame, is damaged or of a newer version, or a factor contains
    /// NaN.</exception>
    public static SimplexEtf Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return SimplexEtfFormat.Read(SafetensorsReader.Read(path));
    }

    /// <summary>Reads a frame that was saved.</summary>
    /// <param name="stream">Readable; it need not seek. It stays open, positioned after the last byte of the frame.</param>
    /// <returns>A frame equal to the one that was saved.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream contains no frame, or one that is damaged or of a newer version, or a factor contains
    /// NaN.</exception>
    public static SimplexEtf Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return SimplexEtfFormat.Read(SafetensorsReader.Read(stream));
    }
}
