using TorchSharp;

namespace EtfNet;

/// <summary>A number and the native scalars made of it and of constant multiples, which each operation would otherwise make anew.</summary>
internal sealed class FrameScale(double value)
{
    private (double Factor, Scalar Scalar)[] _multiples = [];

    public static FrameScale One { get; } = new(1);

    public double Value { get; } = value;

    /// <summary>value x factor, kept.</summary>
    public Scalar Times(double factor)
    {
        foreach (var (known, scalar) in _multiples)
            if (known.Equals(factor))
                return scalar;

        Scalar made = Value * factor;
        // Replaced whole: two threads at the same layer at worst make one scalar twice.
        _multiples = [.. _multiples, (factor, made)];
        return made;
    }
}
