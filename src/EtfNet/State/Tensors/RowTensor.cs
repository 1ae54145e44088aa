using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>Arrays of one length as the rows of a tensor, or one array as all of it; read when they are asked for.</summary>
internal sealed class RowTensor<T>(IReadOnlyList<long> shape, IReadOnlyList<T[]> rows) : StateTensor(TensorType.Of(typeof(T)), shape)
    where T : unmanaged
{
    public override void Read(Action<ReadOnlySpan<byte>> take)
    {
        foreach (var row in rows)
            for (var bytes = MemoryMarshal.AsBytes(row.AsSpan()); !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, MaxPiece)..])
                take(bytes[..Math.Min(bytes.Length, MaxPiece)]);
    }
}
