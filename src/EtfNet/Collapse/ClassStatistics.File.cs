using System.Runtime.InteropServices;

namespace EtfNet;

public sealed partial class ClassStatistics
{
    private const uint Mark = 0x53_43_46_45; // "EFCS"
    private const int Version = 1;
    private const int FirstRead = 4096;

    /// <summary>Writes the state; <see cref="Load"/> gives back the same, bit by bit.</summary>
    /// <param name="stream">Takes the bytes; stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Mark);
        writer.Write(Version);
        writer.Write(Width);
        writer.Write(TracksScatter);
        writer.Write(ClassCount);
        for (var c = 0; c < ClassCount; c++)
        {
            writer.Write(_counts[c]);
            if (_counts[c] == 0)
                continue;
            writer.Write(_scatter[c]);
            writer.Write(MemoryMarshal.AsBytes(_sums[c].AsSpan()));
        }

        writer.Write(Mark);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="stream">Gives the bytes; stays open, behind the last of them.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="InvalidDataException">The bytes are no saved statistics, of a newer version, cut short or damaged.</exception>
    public static ClassStatistics Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        try
        {
            return Read(reader);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException("The class statistics are cut short.", exception);
        }
    }

    private static ClassStatistics Read(BinaryReader reader)
    {
        if (reader.ReadUInt32() != Mark)
            throw new InvalidDataException("These bytes are no class statistics.");
        if (reader.ReadInt32() is var version && version != Version)
            throw new InvalidDataException($"The class statistics are of version {version}; this library reads version {Version}.");
        var (width, tracksScatter, classCount) = (reader.ReadInt32(), reader.ReadBoolean(), reader.ReadInt32());
        if (width < 1 || classCount < 0 || classCount > LabelReader.MaxClassCount)
            throw new InvalidDataException($"The class statistics are damaged: width {width}, {classCount} classes.");

        var statistics = new ClassStatistics(width, tracksScatter);
        for (var c = 0; c < classCount; c++)
        {
            if (reader.ReadInt64() is var count && count == 0)
                continue;
            var scatter = reader.ReadDouble();
            var sum = ReadSum(reader.BaseStream, width);
            if (count < 0 || !double.IsFinite(scatter) || scatter < 0 || !RowKernels.IsFinite(sum))
                throw new InvalidDataException($"The class statistics are damaged at class {c}.");
            statistics.AddClass(c, count, sum, scatter);
        }

        statistics.Grow(classCount);
        return reader.ReadUInt32() == Mark ? statistics : throw new InvalidDataException("The class statistics are damaged: their end is missing.");
    }

    /// <summary>Room is made as the bytes come, so that a damaged width ends the reading and not the memory.</summary>
    private static double[] ReadSum(Stream stream, int width)
    {
        var sum = new double[Math.Min(width, FirstRead)];
        for (var read = 0; read < width; read = sum.Length)
        {
            if (read > 0)
                Array.Resize(ref sum, (int)Math.Min(width, 2L * read));
            stream.ReadExactly(MemoryMarshal.AsBytes(sum.AsSpan(read)));
        }

        return sum;
    }
}
