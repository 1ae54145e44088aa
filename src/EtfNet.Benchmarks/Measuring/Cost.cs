namespace EtfNet.Benchmarks.Measuring;

/// <summary>What a piece of work must do, however it is formulated: the bytes it must read and write, and its additions and
/// multiplications.</summary>
/// <param name="Bytes">0 where that says nothing.</param>
/// <param name="Operations">0 where that says nothing.</param>
/// <param name="IsDouble">Whether the operations are float64 by contract.</param>
internal readonly record struct Cost(double Bytes, double Operations, bool IsDouble = false);
