using System.Text;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Checks that all ranks have the same: one small sum where they do, an error that names the first difference where they do not.
/// </summary>
internal static class RankAgreement
{
    /// <summary>Checks tensors by their values, bit by bit.</summary>
    /// <param name="collective">The ranks.</param>
    /// <param name="tensors">The tensors of this rank, in the same order on all.</param>
    /// <param name="what">What they are, in the plural, as messages say it.</param>
    /// <exception cref="CollectiveException">They differ in number, names, shapes or values.</exception>
    public static void Require(ICollective collective, IEnumerable<(string Name, Tensor Tensor)> tensors, string what) =>
        Require(collective, [.. tensors.Select(entry => TensorFingerprint.Of(entry.Name, entry.Tensor))], what);

    /// <summary>Checks anything that has a name.</summary>
    /// <inheritdoc cref="Require(ICollective, IEnumerable{ValueTuple{string, Tensor}}, string)"/>
    public static void Require(ICollective collective, IReadOnlyList<NamedFingerprint> own, string what)
    {
        var moments = new double[EqualityMoments.Length];
        EqualityMoments.Write(Whole(own), moments);
        collective.Sum(moments, $"agreement of {what}");
        if (!EqualityMoments.AreEqual(moments, collective.Size))
            throw Difference(collective, own, what);
    }

    /// <summary>One number for a whole list.</summary>
    public static ulong Whole(IReadOnlyList<NamedFingerprint> list) => Fingerprint.Of(Encode(list));

    /// <summary>Exchanges the lists, which all ranks know to differ, and puts the first difference in words.</summary>
    public static CollectiveException Difference(ICollective collective, IReadOnlyList<NamedFingerprint> own, string what) =>
        AgreementDifference.Of([.. RankGather.All(collective, Encode(own), $"differences of {what}").Select(Decode)], what);

    private static byte[] Encode(IReadOnlyList<NamedFingerprint> list)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(list.Count);
        foreach (var entry in list)
            entry.Write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static NamedFingerprint[] Decode(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes), Encoding.UTF8);
        var list = new NamedFingerprint[reader.ReadInt32()];
        for (var i = 0; i < list.Length; i++)
            list[i] = NamedFingerprint.Read(reader);
        return list;
    }
}
