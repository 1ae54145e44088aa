using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtfNet;

/// <summary>How a realized frame is written: its header as a JSON object, the same in plans and in files, and its factors as
/// tensors.</summary>
internal static class SimplexEtfFormat
{
    public const int Version = 1;

    /// <summary>The metadata entry of a file that holds the header.</summary>
    private const string HeaderName = "frame";

    private const string FormatName = "etfnet-simplex-etf";
    private const string Remedy = "It is damaged, or was changed by hand: save it again.";

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
    public static SimplexEtfHeader ReadHeader(JsonObject json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Read(() => ReadFields(json));
    }

    /// <summary>Reads from a JSON object what may be damaged.</summary>
    /// <exception cref="EtfStateException">It is damaged.</exception>
    public static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // JSON's objects and texts are read only now: a name that stands twice, and text that is no UTF-8, come to light here.
            throw Error($"a name stands in it twice, or a text is not UTF-8 ({exception.Message.TrimEnd('.')})", exception);
        }
    }

    public static StateSet Capture(SimplexEtf etf)
    {
        var state = new StateSet(StateKind.Frame);
        state.Add(HeaderName, Write(etf.Header).ToJsonString(s_readable));
        foreach (var (name, rows, columns) in etf.Header.Factors)
            state.Add(name, new RowTensor<double>([rows, columns], [etf.Factors[name]]));
        return state;
    }

    /// <exception cref="EtfStateException">The state holds no frame; the message names what is wrong.</exception>
    public static SimplexEtf Read(StateSet state)
    {
        var reader = new StateReader(StateKind.Require(state, StateKind.Frame));
        var header = ReadHeader(reader);
        var factors = header.Factors.ToDictionary(factor => factor.Name, factor => ReadFactor(reader, factor, header));
        reader.Finish();
        return new SimplexEtf(header, factors);
    }

    private static SimplexEtfHeader ReadHeader(StateReader reader)
    {
        var text = reader.FindText(HeaderName) ?? throw reader.Missing(HeaderName);
        try
        {
            return ReadHeader(JsonNode.Parse(text) as JsonObject ?? throw Error("it is no JSON object"));
        }
        catch (JsonException exception)
        {
            throw reader.Wrong(HeaderName, $"it is no JSON ({exception.Message.TrimEnd('.')})", exception);
        }
        catch (EtfStateException exception)
        {
            throw reader.State.Error(HeaderName, exception.Problem, exception.Remedy, exception);
        }
    }

    private static double[] ReadFactor(StateReader reader, (string Name, long Rows, long Columns) factor, SimplexEtfHeader header)
    {
        var (name, rows, columns) = factor;
        var tensor = reader.FindTensor(name) ?? throw reader.Missing(name);
        if (!tensor.IsLike(TensorType.Of(typeof(double)), [rows, columns]) || tensor.ByteCount > int.MaxValue)
            throw reader.Wrong(name, $"it is {tensor}; a frame {header.Signature} has a factor F64 ({rows}, {columns})");
        var values = (double[])tensor.ToArray();
        return Array.TrueForAll(values, double.IsFinite) ? values : throw reader.Wrong(name, "it holds NaN or an infinity");
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
        return header.Problem() is { } problem ? throw Error($"it is no simplex ETF: {problem}") : header;
    }

    public static T Field<T>(JsonObject json, string name)
    {
        try
        {
            return json[name] is { } node ? node.GetValue<T>() : throw Error($"'{name}' is missing");
        }
        catch (Exception exception) when (exception is InvalidOperationException or OverflowException
            || (exception is FormatException and not EtfStateException))
        {
            throw Error($"'{name}' is {json[name]!.ToJsonString()}, no {typeof(T).Name}", exception);
        }
    }

    public static EtfStateException Error(string problem, Exception? inner = null) => new(null, null, problem, Remedy, inner);
}
