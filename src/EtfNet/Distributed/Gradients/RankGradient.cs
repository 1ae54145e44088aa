using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One parameter's gradient on this rank, as a flat tensor to read from and write to.</summary>
internal sealed class RankGradient
{
    private readonly Tensor _parameter;
    private readonly Tensor? _gradient;
    private Tensor? _flat;

    /// <exception cref="NotSupportedException">The parameter is not real, or its gradient is sparse.</exception>
    public RankGradient(string name, Tensor parameter)
    {
        (Name, _parameter, Length, Form) = (name, parameter, parameter.NumberOfElements, TensorFingerprint.Form(parameter));
        ReducedType = parameter.dtype switch
        {
            ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16 => ScalarType.Float32,
            ScalarType.Float64 => ScalarType.Float64,
            var other => throw new NotSupportedException(
                $"Parameter '{name}' is {other}: only gradients of float64, float32, float16 and bfloat16 can be averaged."),
        };
        _gradient = parameter.grad;
        if (_gradient is { is_sparse: true })
            throw new NotSupportedException(
                $"The gradient of parameter '{name}' is sparse and cannot be averaged. Create the Embedding with sparse: false.");
    }

    public string Name { get; }

    public string Form { get; }

    public long Length { get; }

    /// <summary>The type that sums are made in.</summary>
    public ScalarType ReducedType { get; }

    public bool IsMissing => _gradient is null;

    /// <summary>Copies values into a bucket, zeros where there is no gradient.</summary>
    public void Read(BucketPiece piece, Tensor target)
    {
        if (IsMissing)
            target.zero_();
        else
            target.copy_(Flat.slice(0, piece.Start, piece.Start + piece.Length, 1));
    }

    /// <summary>Takes averaged values; with the last of them the parameter's gradient is complete.</summary>
    public void Write(BucketPiece piece, Tensor source)
    {
        Flat.slice(0, piece.Start, piece.Start + piece.Length, 1).copy_(source);
        if (piece.Start + piece.Length < Length)
            return;
        if (_gradient is null)
            _parameter.grad = Flat.view(_parameter.shape);
        else if (!_gradient.is_contiguous())
            _gradient.copy_(Flat.view(_gradient.shape));
    }

    private Tensor Flat => _flat ??= _gradient is null
        ? zeros(Length, dtype: _parameter.dtype, device: _parameter.device)
        : _gradient.is_contiguous() ? _gradient.view(-1) : _gradient.contiguous().view(-1);
}
