using System.Text.Json;
using EtfNet.Benchmarks.Setup;

namespace EtfNet.Benchmarks.Report;

/// <summary>A line of what <c>ratios --json</c> wrote.</summary>
internal sealed record RatioLine(string Name, long Batch, long Width, int? Rank, double MedianMs, string Reference, double ReferenceMs, double Ratio, double[]? Interval)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    /// <summary>Whether bytes are compared in the place of times.</summary>
    public bool IsBytes => Name.Contains("Bytes", StringComparison.Ordinal);

    /// <exception cref="OptionException">The file is not there, or no result of <c>ratios</c>.</exception>
    public static IReadOnlyList<RatioLine> Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<RatioLine[]>(File.ReadAllText(file), s_json) ?? [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new OptionException($"--ratios {file}: {exception.Message.ReplaceLineEndings(" ")} Give a file that 'ratios --json' wrote.");
        }
    }
}
