using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A tensor in managed memory, as files are read and snapshots are taken. Immutable.</summary>
/// <param name="type">The element type.</param>
/// <param name="shape">The shape.</param>
/// <param name="pieces">The bytes; no element is cut in two.</param>
internal sealed class HeldTensor(TensorType type, IReadOnlyList<long> shape, IReadOnlyList<byte[]> pieces) : StateTensor(type, shape)
{
    public override void Read(Action<ReadOnlySpan<byte>> take)
    {
        foreach (var piece in pieces)
            take(piece);
    }

    public override HeldTensor Hold() => this;

    /// <summary>The values as rows of a length, with as many rows as there are.</summary>
    /// <param name="length">The numbers of a row.</param>
    public T[][] ToRows<T>(long length)
        where T : unmanaged
    {
        var rows = new T[length == 0 ? 0 : ByteCount / Unsafe.SizeOf<T>() / length][];
        var cursor = new Cursor(pieces);
        for (var i = 0; i < rows.Length; i++)
            cursor.Next(MemoryMarshal.AsBytes((rows[i] = new T[length]).AsSpan()));
        return rows;
    }

    /// <summary>All values in one array.</summary>
    public Array ToArray()
    {
        var array = Array.CreateInstance(Type.Managed!, ByteCount * 8 / Type.Bits);
        new Cursor(pieces).Next(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), (int)ByteCount));
        return array;
    }

    /// <summary>A new tensor of the current scope, on the CPU.</summary>
    public Tensor ToTensor()
    {
        using var scope = NewDisposeScope();
        var host = empty([.. Shape], dtype: Type.Torch!.Value);
        var (flat, start) = (host.view(-1), 0L);
        foreach (var piece in pieces)
        {
            var count = piece.Length / (Type.Bits / 8);
            if (count > 0)
                piece.CopyTo(flat.narrow(0, start, count).bytes);
            start += count;
        }

        return host.MoveToOuterDisposeScope();
    }

    /// <summary>Writes the values into a tensor of the same type and shape, on any device and of any strides.</summary>
    public void CopyTo(Tensor target)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Overlap.Write(target, ToTensor());
    }

    public bool HasSameBytes(HeldTensor other)
    {
        if (other.ByteCount != ByteCount)
            return false;
        var cursor = new Cursor(other.Pieces);
        return Pieces.All(piece => cursor.Matches(piece));
    }

    private IReadOnlyList<byte[]> Pieces => pieces;

    /// <summary>Goes through the bytes without regard to where pieces end.</summary>
    private struct Cursor(IReadOnlyList<byte[]> pieces)
    {
        private int _piece;
        private int _at;

        public void Next(Span<byte> destination)
        {
            while (!destination.IsEmpty)
            {
                var part = Part(destination.Length);
                part.CopyTo(destination);
                destination = destination[part.Length..];
            }
        }

        public bool Matches(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var part = Part(bytes.Length);
                if (!part.SequenceEqual(bytes[..part.Length]))
                    return false;
                bytes = bytes[part.Length..];
            }

            return true;
        }

        private ReadOnlySpan<byte> Part(int most)
        {
            while (_at == pieces[_piece].Length)
                (_piece, _at) = (_piece + 1, 0);
            var part = pieces[_piece].AsSpan(_at, Math.Min(most, pieces[_piece].Length - _at));
            _at += part.Length;
            return part;
        }
    }
}
