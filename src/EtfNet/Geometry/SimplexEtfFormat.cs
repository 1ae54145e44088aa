using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace EtfNet;

/// <summary>A realized frame as a state: its header as JSON in the metadata, its factors as tensors.</summary>
internal static class SimplexEtfFormat
{
    /// <summary>The metadata entry of a file that holds the header.</summary>
    private const string HeaderName = "frame";

    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static StateSet Capture(SimplexEtf etf)
    {
        var state = new StateSet(StateKind.Frame);
        state.Add(HeaderName, SimplexEtfJson.Write(etf.Header).ToJsonString(s_readable));
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
            return SimplexEtfJson.Read(JsonNode.Parse(text) as JsonObject ?? throw SimplexEtfJson.Error("it is not a JSON object"));
        }
        catch (JsonException exception)
        {
            throw reader.Wrong(HeaderName, $"it is not JSON ({exception.Message.TrimEnd('.')})", exception);
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
}
