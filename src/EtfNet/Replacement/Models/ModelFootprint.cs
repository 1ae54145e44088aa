using System.Globalization;

namespace EtfNet;

/// <summary>The number of parameters of a model, and the bytes that they and their training take, at one moment.</summary>
/// <remarks>
/// Parameters are counted as numbers. Trainable parameters have gradients. Trainable and fixed weights together are those that the same
/// model without EtfNet would train. Bytes are those of existing tensors.
/// </remarks>
public sealed record ModelFootprint
{
    /// <summary>Gets the number of parameters that are trained.</summary>
    public required long TrainableParameters { get; init; }

    /// <summary>Gets the number of parameters that are not trained: the weights of fixed layers (K x d each, stored or not), and parameters
    /// without gradient.</summary>
    public required long FixedParameters { get; init; }

    /// <summary>Gets the number of stored numbers: parameters and the factors of frames.</summary>
    public required long StoredParameters { get; init; }

    /// <summary>Gets the bytes of parameters and buffers.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Gets the bytes of gradients.</summary>
    public required long GradientBytes { get; init; }

    /// <summary>Gets the bytes of the optimizers' state.</summary>
    public required long OptimizerBytes { get; init; }

    /// <summary>Gets the sum of weight, gradient and optimizer bytes.</summary>
    public long TotalBytes => WeightBytes + GradientBytes + OptimizerBytes;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        parameters  trainable {TrainableParameters,14:N0}
                    fixed     {FixedParameters,14:N0}
                    stored    {StoredParameters,14:N0}
        bytes       weights   {WeightBytes,14:N0}
                    gradients {GradientBytes,14:N0}
                    optimizer {OptimizerBytes,14:N0}
        """);
}
