using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>What a monitor knows, as bytes and back.</summary>
/// <param name="Epoch">The running epoch.</param>
/// <param name="Unlabeled">Its forwards without labels.</param>
/// <param name="Heads">The classifiers, what goes into each, and how many outputs it has.</param>
/// <param name="Layers">The layers in forward order.</param>
internal sealed record MonitorFile(
    int Epoch, long Unlabeled, IReadOnlyList<(string Head, string Input, long Width)> Heads, IReadOnlyList<MonitorFile.Entry> Layers)
{
    private const uint Mark = 0x4D_43_46_45; // "EFCM"
    private const int Version = 2;
    private const int MaxLayers = 1 << 20;

    /// <summary>A layer: whether a hook watches it, whether its place among the others is known, and what is known of it.</summary>
    internal sealed record Entry(string Name, bool IsWatched, bool IsPlaced, LayerState State);

    public void Save(Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Mark);
        writer.Write(Version);
        writer.Write(Epoch);
        writer.Write(Unlabeled);
        writer.Write(Heads.Count);
        foreach (var (head, input, width) in Heads)
        {
            writer.Write(head);
            writer.Write(input);
            writer.Write(width);
        }

        writer.Write(Layers.Count);
        foreach (var (name, watched, placed, state) in Layers)
        {
            writer.Write(name);
            writer.Write(watched);
            writer.Write(placed);
            writer.Write(state.Scores.Scored);
            writer.Write(state.Scores.Wrong);
            writer.Write(state.Scores.WithinRounding);
            writer.Write(state.Scores.Compared);
            writer.Write(state.Scores.Differing);
            writer.Write(MemoryMarshal.AsBytes(state.Scores.TurnsAt.AsSpan()));
            writer.Write(state.NonFinite);
            writer.Write(state.Batches);
            writer.Write(state.PreviousBatches);
            writer.Write(state.Problem ?? "");
            Write(writer, state.Current);
            Write(writer, state.Previous);
            ReturningShareFile.Write(writer, state.Returning);
        }

        writer.Write(Mark);
    }

    /// <exception cref="InvalidDataException">The bytes are no saved monitor, of another version, cut short or damaged.</exception>
    public static MonitorFile Load(Stream stream, NccMonitorOptions options)
    {
        using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        try
        {
            return Read(reader, options);
        }
        catch (Exception exception) when (exception is IOException or FormatException)
        {
            throw new InvalidDataException("The monitor's state is cut short or damaged.", exception);
        }
    }

    private static MonitorFile Read(BinaryReader reader, NccMonitorOptions options)
    {
        if (reader.ReadUInt32() != Mark)
            throw new InvalidDataException("These bytes are no monitor's state.");
        if (reader.ReadInt32() is var version && version != Version)
            throw new InvalidDataException($"The monitor's state is of version {version}; this library reads version {Version}.");
        var (epoch, unlabeled, heads) = (reader.ReadInt32(), reader.ReadInt64(), new List<(string, string, long)>());
        if (epoch < 1 || unlabeled < 0)
            throw new InvalidDataException($"The monitor's state is damaged: epoch {epoch}, {unlabeled} forwards without labels.");
        for (var rest = ReadCount(reader); rest > 0; rest--)
            heads.Add((reader.ReadString(), reader.ReadString(), reader.ReadInt64()));

        var count = ReadCount(reader);
        var layers = new List<Entry>();
        for (var i = 0; i < count; i++)
            layers.Add(ReadLayer(reader, options));
        if (layers.DistinctBy(layer => layer.Name).Count() != count)
            throw new InvalidDataException("The monitor's state is damaged: it has a layer twice.");
        return reader.ReadUInt32() == Mark
            ? new MonitorFile(epoch, unlabeled, heads, layers)
            : throw new InvalidDataException("The monitor's state is damaged: its end is missing.");
    }

    private static int ReadCount(BinaryReader reader)
    {
        var count = reader.ReadInt32();
        return count is >= 0 and <= MaxLayers ? count : throw new InvalidDataException($"The monitor's state is damaged: {count} layers.");
    }

    private static Entry ReadLayer(BinaryReader reader, NccMonitorOptions options)
    {
        var (name, watched, placed) = (reader.ReadString(), reader.ReadBoolean(), reader.ReadBoolean());
        var state = new LayerState(options);
        state.Scores.Scored = reader.ReadInt64();
        state.Scores.Wrong = reader.ReadInt64();
        state.Scores.WithinRounding = reader.ReadInt64();
        state.Scores.Compared = reader.ReadInt64();
        state.Scores.Differing = reader.ReadInt64();
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(state.Scores.TurnsAt.AsSpan()));
        state.NonFinite = reader.ReadInt64();
        state.Batches = reader.ReadInt32();
        state.PreviousBatches = reader.ReadInt32();
        state.Problem = reader.ReadString() is { Length: > 0 } problem ? problem : null;
        state.Current = ReadStatistics(reader);
        state.Previous = ReadStatistics(reader);
        ReturningShareFile.Read(reader, state.Returning);
        if (!state.Scores.AreConsistent() || state.NonFinite < 0 || state.Batches < 0 || state.PreviousBatches < 0)
            throw new InvalidDataException($"The monitor's state is damaged at layer '{name}'.");
        return new Entry(name, watched, placed, state);
    }

    private static void Write(BinaryWriter writer, ClassStatistics? statistics)
    {
        writer.Write(statistics is not null);
        writer.Flush();
        statistics?.Save(writer.BaseStream);
    }

    private static ClassStatistics? ReadStatistics(BinaryReader reader) => reader.ReadBoolean() ? ClassStatistics.Load(reader.BaseStream) : null;
}
