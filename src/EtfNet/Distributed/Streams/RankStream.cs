using System.Buffers.Binary;

namespace EtfNet;

/// <summary>A stream whose bytes one rank writes and all others read, in pieces of bounded size.</summary>
/// <remarks>Each piece is two broadcasts: its length, where 0 is the end and a negative number announces an error, and its bytes.</remarks>
/// <param name="group">The ranks.</param>
/// <param name="root">The rank that writes.</param>
/// <param name="purpose">What the calls are for.</param>
internal sealed class RankStream(ICollective group, int root, string purpose) : Stream
{
    private const int PieceBytes = 4 << 20;

    private byte[] _piece = [];
    private int _length;
    private int _at;
    private bool _ended;

    /// <summary>What the root wrote instead of its last bytes: why it could not write them. Null where it could.</summary>
    public byte[]? Failure { get; private set; }

    public override bool CanRead => group.Rank != root;

    public override bool CanSeek => false;

    public override bool CanWrite => group.Rank == root;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_piece.Length == 0)
            _piece = new byte[PieceBytes];
        while (!buffer.IsEmpty)
        {
            var count = Math.Min(buffer.Length, PieceBytes - _length);
            buffer[..count].CopyTo(_piece.AsSpan(_length));
            _length += count;
            buffer = buffer[count..];
            if (_length == PieceBytes)
                Flush();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        if (_length == 0)
            return;
        BroadcastLength(_length);
        group.Broadcast(_piece.AsSpan(0, _length), root, purpose);
        _length = 0;
    }

    /// <summary>Ends the stream: the root has written everything.</summary>
    public void Complete()
    {
        Flush();
        BroadcastLength(0);
    }

    /// <summary>Ends the stream with an error of the root.</summary>
    public void Fail(byte[] why)
    {
        BroadcastLength(-why.Length);
        group.Broadcast(why, root, purpose);
    }

    public override int Read(Span<byte> buffer)
    {
        if (_at == _length)
            Receive();
        var count = Math.Min(buffer.Length, _length - _at);
        _piece.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Reads what is left, so that all ranks make the same calls.</summary>
    public void Drain()
    {
        while (!_ended)
            Receive();
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Receive()
    {
        (_at, _length) = (0, 0);
        if (_ended)
            return;
        Span<byte> head = stackalloc byte[sizeof(int)];
        group.Broadcast(head, root, purpose);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        _ended = length <= 0;
        if (length == 0)
            return;
        if (_piece.Length < Math.Abs(length))
            _piece = new byte[Math.Abs(length)];
        var bytes = _piece.AsSpan(0, Math.Abs(length));
        group.Broadcast(bytes, root, purpose);
        if (length > 0)
            _length = length;
        else
            Failure = bytes.ToArray();
    }

    private void BroadcastLength(int length)
    {
        Span<byte> head = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(head, length);
        group.Broadcast(head, root, purpose);
    }
}
