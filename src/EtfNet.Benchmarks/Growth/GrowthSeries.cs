using EtfNet.Benchmarks.Measuring;

namespace EtfNet.Benchmarks.Growth;

/// <summary>How the time of one kind of work grows along an axis.</summary>
/// <param name="Name">The work.</param>
/// <param name="Values">The places on the axis, ascending.</param>
/// <param name="Subject">Makes the subject of a place.</param>
/// <param name="Method">Its method.</param>
internal sealed record GrowthSeries(string Name, IReadOnlyList<int> Values, Func<int, Subject> Subject, string Method);
