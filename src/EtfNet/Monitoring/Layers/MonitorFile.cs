namespace EtfNet;

/// <summary>What a monitor knows, as bytes and back.</summary>
internal sealed record MonitorFile(int Epoch, long Unlabeled, IReadOnlyList<MonitorFile.Entry> Layers)
{
    private const uint Mark = 0x4D_43_46_45; // "EFCM"
    private const int Version = 1;
    private const int MaxLayers = 1 << 20;

    /// <summary>A layer: whether a hook watches it, and what is known.</summary>
    internal sealed record Entry(string Name, bool IsWatched, LayerState State);

    public void Save(Stream stream)
    {
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Mark);
        writer.Write(Version);
        writer.Write(Epoch);
        writer.Write(Unlabeled);
        writer.Write(Layers.Count);
        foreach (var (name, watched, state) in Layers)
        {
            writer.Write(name);
            writer.Write(watched);
            writer.Write(state.Scored);
            writer.Write(state.Wrong);
            writer.Write(state.NonFinite);
            writer.Write(state.Compared);
            writer.Write(state.Differing);
            writer.Write(state.Batches);
            writer.Write(state.Problem ?? "");
            Write(writer, state.Current);
            Write(writer, state.Previous);
        }

        writer.Write(Mark);
    }

    /// <exception cref="InvalidDataException">The bytes are no saved monitor, of a newer version, cut short or damaged.</exception>
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
        var (epoch, unlabeled, count) = (reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt32());
        if (epoch < 1 || unlabeled < 0 || count < 0 || count > MaxLayers)
            throw new InvalidDataException($"The monitor's state is damaged: epoch {epoch}, {count} layers.");

        var layers = new List<Entry>();
        for (var i = 0; i < count; i++)
            layers.Add(ReadLayer(reader, options));
        if (layers.DistinctBy(layer => layer.Name).Count() != count)
            throw new InvalidDataException("The monitor's state is damaged: it has a layer twice.");
        return reader.ReadUInt32() == Mark
            ? new MonitorFile(epoch, unlabeled, layers)
            : throw new InvalidDataException("The monitor's state is damaged: its end is missing.");
    }

    private static Entry ReadLayer(BinaryReader reader, NccMonitorOptions options)
    {
        var (name, watched) = (reader.ReadString(), reader.ReadBoolean());
        var state = new LayerState(options)
        {
            Scored = reader.ReadInt64(),
            Wrong = reader.ReadInt64(),
            NonFinite = reader.ReadInt64(),
            Compared = reader.ReadInt64(),
            Differing = reader.ReadInt64(),
            Batches = reader.ReadInt32(),
            Problem = reader.ReadString() is { Length: > 0 } problem ? problem : null,
            Current = ReadStatistics(reader),
            Previous = ReadStatistics(reader),
        };
        if (state.Wrong < 0 || state.Wrong > state.Scored || state.NonFinite < 0 || state.Differing < 0 || state.Differing > state.Compared || state.Batches < 0)
            throw new InvalidDataException($"The monitor's state is damaged at layer '{name}'.");
        return new Entry(name, watched, state);
    }

    private static void Write(BinaryWriter writer, ClassStatistics? statistics)
    {
        writer.Write(statistics is not null);
        writer.Flush();
        statistics?.Save(writer.BaseStream);
    }

    private static ClassStatistics? ReadStatistics(BinaryReader reader) => reader.ReadBoolean() ? ClassStatistics.Load(reader.BaseStream) : null;
}
