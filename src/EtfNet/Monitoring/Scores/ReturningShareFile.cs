using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>A <see cref="ReturningShare"/> as bytes and back.</summary>
internal static class ReturningShareFile
{
    private const int FirstRead = 4096;

    public static void Write(BinaryWriter writer, ReturningShare share)
    {
        writer.Write(share.IsMixed);
        for (var c = 0; c < ReturningShare.Classes; c++)
        {
            Write(writer, share.Stored[c]);
            Write(writer, share.Before[c]);
            writer.Write(share.BeforeWithin[c].Gap);
            writer.Write(share.BeforeWithin[c].Mean);
        }

        Write(writer, share.Within);
        Write(writer, share.Across);
        writer.Flush();
    }

    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Read(BinaryReader reader, ReturningShare share)
    {
        share.IsMixed = reader.ReadBoolean();
        for (var c = 0; c < ReturningShare.Classes; c++)
        {
            share.Stored[c] = ReadRow(reader);
            share.Before[c] = ReadRow(reader);
            share.BeforeWithin[c] = (reader.ReadDouble(), reader.ReadDouble());
            if (!double.IsFinite(share.BeforeWithin[c].Gap) || !(share.BeforeWithin[c].Mean >= 0))
                throw new InvalidDataException("The monitor's state is damaged: a distance is negative or not finite.");
        }

        Read(reader, share.Within);
        Read(reader, share.Across);
    }

    private static void Write(BinaryWriter writer, float[]? row)
    {
        writer.Write(row?.Length ?? 0);
        writer.Write(MemoryMarshal.AsBytes(row.AsSpan()));
    }

    private static void Write(BinaryWriter writer, ClassDistances distances)
    {
        writer.Write(MemoryMarshal.AsBytes(distances.Sum.AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(distances.Least.AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(distances.Count.AsSpan()));
    }

    private static void Read(BinaryReader reader, ClassDistances distances)
    {
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(distances.Sum.AsSpan()));
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(distances.Least.AsSpan()));
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(distances.Count.AsSpan()));
        for (var c = 0; c < distances.Count.Length; c++)
            if (distances.Count[c] < 0 || !(distances.Sum[c] >= 0) || !(distances.Least[c] >= 0))
                throw new InvalidDataException("The monitor's state is damaged: a distance is negative or not a number.");
    }

    /// <summary>Room is made as the bytes come, so that a damaged length ends the reading and not the memory.</summary>
    private static float[]? ReadRow(BinaryReader reader)
    {
        var length = reader.ReadInt32();
        if (length < 0)
            throw new InvalidDataException("The monitor's state is damaged: a row has a negative length.");
        if (length == 0)
            return null;
        var row = new float[Math.Min(length, FirstRead)];
        for (var read = 0; read < length; read = row.Length)
        {
            if (read > 0)
                Array.Resize(ref row, (int)Math.Min(length, 2L * read));
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(row.AsSpan(read)));
        }

        return row;
    }
}
