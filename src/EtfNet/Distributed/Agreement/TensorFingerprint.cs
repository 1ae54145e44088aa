using System.Security.Cryptography;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Fingerprints of tensors: of their values bit by bit, on any device.</summary>
internal static class TensorFingerprint
{
    private const long BytesAtOnce = 64 << 20;

    public static NamedFingerprint Of(string name, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var flat = tensor.detach().reshape(-1);
        var step = Math.Max(1, BytesAtOnce / Math.Max(1, tensor.ElementSize));
        for (long start = 0; start < flat.shape[0]; start += step)
        {
            using var part = flat.slice(0, start, Math.Min(flat.shape[0], start + step), 1).cpu().contiguous();
            hash.AppendData(part.bytes);
        }

        return new NamedFingerprint(name, Fingerprint.Finish(hash), Form(tensor));
    }

    /// <summary>Dtype and shape, as messages show them.</summary>
    public static string Form(Tensor tensor) => $"{tensor.dtype} ({string.Join(", ", tensor.shape)})";
}
