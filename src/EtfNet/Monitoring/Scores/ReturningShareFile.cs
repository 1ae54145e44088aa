using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>A <see cref="ReturningShare"/> as bytes and back: the classes of which something is known.</summary>
internal static class ReturningShareFile
{
    private const int FirstRead = 4096;

    public static void Write(BinaryWriter writer, ReturningShare share)
    {
        writer.Write(share.IsMixed);
        var known = Enumerable.Range(0, ReturningShare.Classes).Where(
            c => share.Stored[c] is not null || share.Before[c] is not null).ToList();
        writer.Write(known.Count);
        foreach (var c in known)
        {
            writer.Write(c);
            Write(writer, share.Stored[c]);
            Write(writer, share.Within, c);
            Write(writer, share.Before[c]);
            Write(writer, share.Across, c);
            writer.Write(share.BeforeWithin[c].Gap);
            writer.Write(share.BeforeWithin[c].Mean);
        }

        writer.Flush();
    }

    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Read(BinaryReader reader, ReturningShare share)
    {
        share.IsMixed = reader.ReadBoolean();
        for (var rest = reader.ReadInt32(); rest > 0; rest--)
        {
            var c = reader.ReadInt32();
            if (c is < 0 or >= ReturningShare.Classes)
                throw new InvalidDataException($"The monitor's state is damaged: distances of class {c}.");
            share.Stored[c] = ReadRow(reader);
            Read(reader, share.Within, c);
            share.Before[c] = ReadRow(reader);
            Read(reader, share.Across, c);
            share.BeforeWithin[c] = (reader.ReadDouble(), reader.ReadDouble());
            if (!double.IsFinite(share.BeforeWithin[c].Gap) || !(share.BeforeWithin[c].Mean >= 0))
                throw new InvalidDataException("The monitor's state is damaged: a distance is negative or not finite.");
        }
    }

    private static void Write(BinaryWriter writer, float[]? row)
    {
        writer.Write(row?.Length ?? 0);
        writer.Write(MemoryMarshal.AsBytes(row.AsSpan()));
    }

    private static void Write(BinaryWriter writer, ClassDistances distances, int c)
    {
        writer.Write(distances.Sum[c]);
        writer.Write(distances.Least[c]);
        writer.Write(distances.Count[c]);
    }

    private static void Read(BinaryReader reader, ClassDistances distances, int c)
    {
        (distances.Sum[c], distances.Least[c], distances.Count[c]) = (reader.ReadDouble(), reader.ReadDouble(), reader.ReadInt64());
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
