using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Tells the inputs of two forwards apart: the same tensors, not written in between, are one batch.</summary>
/// <remarks>Aliases of the tensors are held, so that their memory cannot become another batch's while they may still be compared.</remarks>
internal sealed class InputMark : IDisposable
{
    private const int Sampled = 64;

    private readonly object?[] _others;
    private readonly Part[] _parts;

    private InputMark(Part[] parts, object?[] others) => (_parts, _others) = (parts, others);

    /// <summary>The bytes that are held.</summary>
    public long Bytes => _parts.Sum(part => part.Alias.NumberOfElements * part.Alias.ElementSize);

    public static InputMark Of(IReadOnlyList<object?> inputs)
    {
        using var noGrad = no_grad();
        return new InputMark(
            [.. inputs.SelectMany(TensorsOf.All).Select(Part.Of)],
            [.. inputs.Where(input => input is not Tensor && TensorsOf.All(input).Count == 0)]);
    }

    /// <summary>Whether the other forward had the very same inputs: same memory, same view of it, not written in place since.</summary>
    public bool IsSameAs(InputMark other) =>
        _parts.Length > 0 && _parts.Length == other._parts.Length && _others.Length == other._others.Length
        && _parts.Zip(other._parts).All(pair => pair.First.IsSameAs(pair.Second))
        && _others.Zip(other._others).All(pair => Equals(pair.First, pair.Second));

    /// <summary>Whether a tensor is one of them.</summary>
    public bool Holds(Tensor tensor) => _parts.Any(part =>
        part.Alias.shape.AsSpan().SequenceEqual(tensor.shape) && TensorVersion.Address(tensor) is var address && address != IntPtr.Zero
            && address == TensorVersion.Address(part.Alias));

    public void Dispose()
    {
        foreach (var part in _parts)
        {
            part.Alias.Dispose();
            part.Values?.Dispose();
        }
    }

    /// <summary>One tensor: an alias, its version, and where versions cannot be read a few of its values instead.</summary>
    private sealed record Part(Tensor Alias, long? Version, Tensor? Values)
    {
        public static Part Of(Tensor tensor)
        {
            var alias = tensor.detach().DetachFromDisposeScope();
            var version = TensorVersion.Of(tensor);
            return new Part(alias, version, version is null ? Some(tensor) : null);
        }

        public bool IsSameAs(Part other) =>
            Alias.dtype == other.Alias.dtype && Alias.shape.AsSpan().SequenceEqual(other.Alias.shape)
            && Alias.stride().AsSpan().SequenceEqual(other.Alias.stride())
            && TensorDevice.Is(Alias, other.Alias.device)
            && TensorVersion.Address(Alias) == TensorVersion.Address(other.Alias)
            && (Version is not null ? Version == other.Version : other.Values is not null && Values!.Equals(other.Values));

        private static Tensor Some(Tensor tensor)
        {
            using var scope = NewDisposeScope();
            var flat = tensor.detach().reshape(-1);
            var step = Math.Max(1, flat.shape[0] / Sampled);
            return flat.slice(0, 0, flat.shape[0], step).clone().DetachFromDisposeScope();
        }
    }
}
