using System.Text.Json.Nodes;

namespace EtfNet;

/// <summary>The header of a realized frame as a JSON object, the same in plans and in files.</summary>
internal static class SimplexEtfJson
{
    private const int Version = 1;
    private const string FormatName = "etfnet-simplex-etf";
    private const string Remedy = "It is damaged, or was changed by hand: save it again.";

    public static JsonObject Write(SimplexEtfHeader header) => new()
    {
        ["format"] = FormatName,
        ["version"] = Version,
        ["kind"] = header.Kind.ToString(),
        ["rows"] = header.Shape.Rows,
        ["columns"] = header.Shape.Columns,
        ["columnFrame"] = header.Shape.IsColumnFrame,
        ["seed"] = header.Seed,
        ["scale"] = header.Scale,
        ["rank"] = header.Rank,
    };

    /// <exception cref="EtfStateException">Something is missing, of another version, or no frame; the message names it.</exception>
    public static SimplexEtfHeader Read(JsonObject json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Checked(() => ReadFields(json));
    }

    /// <summary>Reads from a JSON object what may be damaged.</summary>
    /// <exception cref="EtfStateException">It is damaged.</exception>
    public static T Checked<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // JSON's objects and texts are read only now: a name that stands twice, and text that is no UTF-8, come to light here.
            throw Error($"a name appears twice in it, or a text is not UTF-8 ({exception.Message.TrimEnd('.')})", exception);
        }
    }

    private static SimplexEtfHeader ReadFields(JsonObject json)
    {
        if (Field<string>(json, "format") is var format && format != FormatName)
            throw Error($"its format is {EntryName.Quote(format)}, where '{FormatName}' is wanted");
        if (Field<int>(json, "version") is var version && version != Version)
            throw new EtfStateException(null, null, $"it is a frame of version {version}; this library reads version {Version}",
                version > Version ? "Update EtfNet." : Remedy);
        var name = Field<string>(json, "kind");
        // By name only: numbers would parse as well.
        if (!Enum.GetNames<EtfFrameKind>().Contains(name))
            throw Error($"its kind {EntryName.Quote(name)} is unknown; known are {string.Join(", ", Enum.GetNames<EtfFrameKind>())}");

        var shape = new FrameShape(Field<long>(json, "rows"), Field<long>(json, "columns"), Field<bool>(json, "columnFrame"));
        var header = new SimplexEtfHeader(Enum.Parse<EtfFrameKind>(name), shape, Field<long>(json, "seed"), Field<double>(json, "scale"),
            Field<int>(json, "rank"));
        return header.Problem() is { } problem ? throw Error($"it is not a simplex ETF: {problem}") : header;
    }

    /// <summary>A field of an object.</summary>
    /// <exception cref="EtfStateException">It is missing, or of another type.</exception>
    public static T Field<T>(JsonObject json, string name)
    {
        try
        {
            return json[name] is { } node ? node.GetValue<T>() : throw Error($"'{name}' is missing");
        }
        catch (Exception exception) when (exception is InvalidOperationException or OverflowException
            || (exception is FormatException and not EtfStateException))
        {
            throw Error($"'{name}' is {json[name]!.ToJsonString()}, not of type {typeof(T).Name}", exception);
        }
    }

    public static EtfStateException Error(string problem, Exception? inner = null) => new(null, null, problem, Remedy, inner);
}
