using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Gives the tensors of one rank to all: a model before training, the buffers of batch norms after an epoch.</summary>
internal static class TensorBroadcast
{
    private const int BucketBytes = 25 << 20;

    /// <summary>No piece ends within a number: the widest has 16 bytes.</summary>
    private const long Alignment = 16;

    /// <param name="collective">The ranks.</param>
    /// <param name="tensors">The tensors of this rank, in the same order on all; except on the root they are overwritten in place.</param>
    /// <param name="what">What they are, in the plural, as messages say it.</param>
    /// <param name="root">The rank whose values all ranks get.</param>
    /// <exception cref="CollectiveException">
    /// They differ in number, names, dtypes or shapes, and nothing was changed; or a rank is missing, has left or has failed.
    /// </exception>
    public static void Run(ICollective collective, IEnumerable<(string Name, Tensor Tensor)> tensors, string what, int root = 0)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var all = tensors.ToList();
        var forms = all.Select(entry => new NamedFingerprint(entry.Name, 0, TensorFingerprint.Form(entry.Tensor)));
        RankAgreement.Require(collective, [.. forms], $"forms of {what}");

        var hosts = all.Select(entry => entry.Tensor.detach().cpu().contiguous().view(-1)).ToList();
        var lengths = hosts.Select((host, index) => (index, (Bytes(host) + Alignment - 1) / Alignment * Alignment));
        var bucket = Array.Empty<byte>();
        foreach (var pieces in BucketPlan.Cut(lengths, BucketBytes))
        {
            var length = (int)pieces.Sum(piece => piece.Length);
            if (bucket.Length < length)
                bucket = new byte[length];
            var bytes = bucket.AsSpan(0, length);
            if (collective.Rank == root)
                Copy(hosts, pieces, bytes, toBucket: true);
            collective.Broadcast(bytes, root, $"broadcast of {what}");
            if (collective.Rank != root)
                Copy(hosts, pieces, bytes, toBucket: false);
        }

        if (collective.Rank != root)
            foreach (var ((_, tensor), host) in all.Zip(hosts))
                tensor.detach().copy_(host.view(tensor.shape));
    }

    private static void Copy(List<Tensor> hosts, IReadOnlyList<BucketPiece> pieces, Span<byte> bucket, bool toBucket)
    {
        foreach (var piece in pieces)
        {
            var host = hosts[piece.Tensor];
            var place = bucket[..(int)piece.Length];
            bucket = bucket[(int)piece.Length..];
            var end = Math.Min(piece.Start + piece.Length, Bytes(host));
            using var part = host.slice(0, piece.Start / host.ElementSize, end / host.ElementSize, 1);
            if (toBucket)
                part.bytes.CopyTo(place);
            else
                place[..part.bytes.Length].CopyTo(part.bytes);
        }
    }

    private static long Bytes(Tensor tensor) => tensor.NumberOfElements * tensor.ElementSize;
}
