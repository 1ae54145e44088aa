using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtfNet;

/// <summary>How a realized frame is written: a JSON header, and with it the factors as base64 of little-endian float64 in pieces.</summary>
internal static class SimplexEtfFormat
{
    public const int Version = 1;

    private const string FormatName = "etfnet-simplex-etf";
    private const string FactorsName = "factors";

    /// <summary>Numbers a piece: far below what a JSON string may hold.</summary>
    private const int PieceLength = 1 << 16;

    /// <summary>The header alone, for plans whose factors travel with the weights.</summary>
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

    /// <exception cref="InvalidDataException">Something is missing, of another version, or no frame; the message names it.</exception>
    public static SimplexEtfHeader ReadHeader(JsonObject json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Refuse(() => ReadFields(json));
    }

    private static SimplexEtfHeader ReadFields(JsonObject json)
    {
        if (Read<string>(json, "format") is var format && format != FormatName)
            throw new InvalidDataException($"Not a frame: format '{format}', where '{FormatName}' is wanted.");
        if (Read<int>(json, "version") is var version && version != Version)
            throw new InvalidDataException($"A frame of version {version}; this library reads version {Version}.");
        var name = Read<string>(json, "kind");
        // By name only: numbers would parse as well.
        if (!Enum.GetNames<EtfFrameKind>().Contains(name))
            throw new InvalidDataException($"A frame of unknown kind '{name}'; known are {string.Join(", ", Enum.GetNames<EtfFrameKind>())}.");

        var shape = new FrameShape(Read<long>(json, "rows"), Read<long>(json, "columns"), Read<bool>(json, "columnFrame"));
        var header = new SimplexEtfHeader(Enum.Parse<EtfFrameKind>(name), shape, Read<long>(json, "seed"), Read<double>(json, "scale"), Read<int>(json, "rank"));
        return header.Problem() is { } problem ? throw new InvalidDataException($"Not a frame: {problem}.") : header;
    }

    public static void Save(SimplexEtf etf, Stream stream)
    {
        var json = Write(etf.Header);
        var factors = new JsonObject();
        foreach (var (name, values) in etf.Factors)
            factors[name] = new JsonArray([.. values.Chunk(PieceLength).Select(piece => (JsonNode)Convert.ToBase64String(LittleEndian(MemoryMarshal.AsBytes<double>(piece))))]);
        json[FactorsName] = factors;
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteTo(writer);
    }

    /// <exception cref="InvalidDataException">Not such a file, cut off, or holding what is no frame.</exception>
    public static SimplexEtf Load(Stream stream)
    {
        JsonObject json;
        try
        {
            json = JsonNode.Parse(stream) as JsonObject ?? throw new InvalidDataException("Not a frame: the file holds no JSON object.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"Not a frame: the file is no JSON, or was cut off. {e.Message}", e);
        }

        return Refuse(() => Build(json));
    }

    private static SimplexEtf Build(JsonObject json)
    {
        var header = ReadFields(json);
        if (json[FactorsName] is not JsonObject factors)
            throw new InvalidDataException($"The frame {header.Signature} has no '{FactorsName}'.");
        if (factors.Select(factor => factor.Key).Except(header.Factors.Select(factor => factor.Name)).FirstOrDefault() is { } extra)
            throw new InvalidDataException($"The frame {header.Signature} has no factor '{extra}'.");
        return new SimplexEtf(header, header.Factors.ToDictionary(factor => factor.Name, factor => ReadFactor(factors, factor, header)));
    }

    /// <summary>JSON's objects and strings are read only now: a name that stands in an object twice, and text that is no UTF-8, come to light here.</summary>
    public static T Refuse<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException($"Not a frame: a name stands in it twice, or a text is not UTF-8. {e.Message}", e);
        }
    }

    private static double[] ReadFactor(JsonObject factors, (string Name, long Rows, long Columns) factor, SimplexEtfHeader header)
    {
        var (name, rows, columns) = factor;
        if (factors[name] is not JsonArray pieces)
            throw new InvalidDataException($"The frame {header.Signature} lacks its factor '{name}'.");
        byte[] bytes;
        try
        {
            bytes = [.. pieces.SelectMany(piece => Convert.FromBase64String(piece!.GetValue<string>()))];
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or NullReferenceException)
        {
            throw new InvalidDataException($"Factor '{name}' of the frame {header.Signature} is not base64.", e);
        }

        if (bytes.LongLength != rows * columns * sizeof(double))
            throw new InvalidDataException($"Factor '{name}' of the frame {header.Signature} has {bytes.LongLength} bytes; {rows} x {columns} float64 numbers have {rows * columns * sizeof(double)}.");
        var values = MemoryMarshal.Cast<byte, double>(LittleEndian(bytes)).ToArray();
        return Array.TrueForAll(values, double.IsFinite)
            ? values
            : throw new InvalidDataException($"Factor '{name}' of the frame {header.Signature} holds NaN or an infinity.");
    }

    /// <summary>The bytes of doubles from or to little-endian order.</summary>
    private static byte[] LittleEndian(ReadOnlySpan<byte> bytes)
    {
        var ordered = bytes.ToArray();
        if (!BitConverter.IsLittleEndian)
            for (var i = 0; i + sizeof(double) <= ordered.Length; i += sizeof(double))
                Array.Reverse(ordered, i, sizeof(double));
        return ordered;
    }

    public static T Read<T>(JsonObject json, string name)
    {
        try
        {
            return json[name] is { } node ? node.GetValue<T>() : throw new InvalidDataException($"Not a frame: '{name}' is missing.");
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException)
        {
            throw new InvalidDataException($"Not a frame: '{name}' is {json[name]!.ToJsonString()}, no {typeof(T).Name}.", e);
        }
    }
}
