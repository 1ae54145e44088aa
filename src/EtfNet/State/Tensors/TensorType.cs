using static TorchSharp.torch;

namespace EtfNet;

/// <summary>An element type of the safetensors format.</summary>
/// <param name="Name">Its published name.</param>
/// <param name="Bits">The bits of one element.</param>
/// <param name="Torch">TorchSharp's type; null where it has none.</param>
/// <param name="Managed">The .NET type of the same bits; null where none is used.</param>
internal sealed record TensorType(string Name, int Bits, ScalarType? Torch = null, Type? Managed = null)
{
    /// <summary>All published types; types that neither TorchSharp nor this library has may occur in a file, but cannot be
    /// loaded.</summary>
    private static readonly Dictionary<string, TensorType> s_all = new TensorType[]
    {
        new("F64", 64, ScalarType.Float64, typeof(double)),
        new("F32", 32, ScalarType.Float32, typeof(float)),
        new("F16", 16, ScalarType.Float16, typeof(Half)),
        new("BF16", 16, ScalarType.BFloat16),
        new("I64", 64, ScalarType.Int64, typeof(long)),
        new("I32", 32, ScalarType.Int32, typeof(int)),
        new("I16", 16, ScalarType.Int16, typeof(short)),
        new("I8", 8, ScalarType.Int8, typeof(sbyte)),
        new("U8", 8, ScalarType.Byte, typeof(byte)),
        new("BOOL", 8, ScalarType.Bool, typeof(bool)),
        new("C64", 64, ScalarType.ComplexFloat32),
        new("U64", 64), new("U32", 32), new("U16", 16),
        new("F8_E5M2", 8), new("F8_E4M3", 8), new("F8_E8M0", 8), new("F6_E3M2", 6), new("F6_E2M3", 6), new("F4", 4),
    }.ToDictionary(type => type.Name);

    /// <summary>The type of a published name; null for any other.</summary>
    public static TensorType? Find(string name) => s_all.GetValueOrDefault(name);

    /// <exception cref="NotSupportedException">The format has no such type.</exception>
    public static TensorType Of(ScalarType dtype) => s_all.Values.FirstOrDefault(type => type.Torch == dtype)
        ?? throw new NotSupportedException(
            $"The safetensors format has no element type for {dtype}. Convert the tensor, for example with .to(ScalarType.Float32).");

    /// <exception cref="NotSupportedException">The format has no such type.</exception>
    public static TensorType Of(Type managed) => s_all.Values.FirstOrDefault(type => type.Managed == managed)
        ?? throw new NotSupportedException($"{managed.Name} is not an element type of a saved tensor.");

    /// <summary>The bytes of a tensor of this type.</summary>
    /// <returns>Null where they overflow, or are no whole number.</returns>
    public long? Bytes(IReadOnlyList<long> shape)
    {
        long elements = 1;
        foreach (var size in shape)
            if (size < 0 || (Math.BigMul(elements, size, out var low) is var high && (high != 0 || low < 0)))
                return null;
            else
                elements = low;
        var bits = (Int128)elements * Bits;
        return bits % 8 == 0 && bits / 8 <= long.MaxValue ? (long)(bits / 8) : null;
    }

    public override string ToString() => Name;
}
