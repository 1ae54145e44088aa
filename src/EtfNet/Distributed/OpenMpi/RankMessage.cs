using System.Text;

namespace EtfNet;

/// <summary>A message, and its bytes.</summary>
internal sealed record RankMessage(RankMessageKind Kind, CollectiveException? Failure = null)
{
    private const int MaxRanks = 64;
    private const int MaxText = 1500;

    public static RankMessage Decode(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var kind = (RankMessageKind)reader.ReadByte();
        if (kind != RankMessageKind.Failed)
            return new RankMessage(kind);
        var error = (CollectiveError)reader.ReadByte();
        var ranks = new int[reader.ReadByte()];
        for (var i = 0; i < ranks.Length; i++)
            ranks[i] = reader.ReadInt32();
        return new RankMessage(kind, new CollectiveException(error, ranks, reader.ReadString()));
    }

    /// <summary>Short enough that MPI sends it without waiting for the other side.</summary>
    public byte[] Encode()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write((byte)Kind);
        if (Failure is not null)
        {
            writer.Write((byte)Failure.Error);
            var ranks = Failure.Ranks.Take(MaxRanks).ToList();
            writer.Write((byte)ranks.Count);
            ranks.ForEach(writer.Write);
            writer.Write(Failure.Message.Length <= MaxText ? Failure.Message : Failure.Message[..MaxText] + "...");
        }

        writer.Flush();
        return stream.ToArray();
    }
}
