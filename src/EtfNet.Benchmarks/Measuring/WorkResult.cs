using System.Text.Json.Serialization;
using EtfNet.Benchmarks.Measuring.Limits;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>One line of a table of measured work.</summary>
/// <param name="Subject">The benchmark class.</param>
/// <param name="Shape">The shape in words.</param>
/// <param name="Method">The method, or PyTorch's work.</param>
/// <param name="MedianMs">Milliseconds of one run.</param>
/// <param name="Cost">What the work must move and compute.</param>
internal sealed record WorkResult(string Subject, string Shape, string Method, double MedianMs, [property: JsonIgnore] Cost Cost)
{
    /// <summary>Bytes held between runs; null for another process's work.</summary>
    public long? LiveTensorBytes { get; init; }

    /// <summary>The peak resident memory of this process in one run; null for another process's work.</summary>
    public long? PeakResidentBytes { get; init; }

    /// <summary>The method that does the same: its own name, or for PyTorch's work ours.</summary>
    [JsonIgnore]
    public string Like { get; init; } = Method;

    /// <summary>Against the first of the group: above 1 is slower.</summary>
    public double? OfFirst { get; init; }
}
