using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>What the layer checks, and how its state is read.</content>
public abstract partial class SimplexEtfLayer : IWatchedLayer
{
    private static readonly string[] s_ownNames = [BiasName, ScaleName, SimplexEtfHeader.Matrix, SimplexEtfHeader.Left];

    /// <inheritdoc/>
    public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
    {
        // Everything that writes to the state, a load through a parent included, asks for the buffers here; a Sequential does not call
        // state_dict.
        _scale = null;
        return base.named_buffers(recurse, include_nonpersistent);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The state is that of another frame; nothing was changed. A load through a parent module
    /// cannot be refused here; the layer then throws when it is next used.</exception>
    public override (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
        Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (skip?.Contains(FrameName) != true && source.TryGetValue(FrameName, out var frame))
            RequireOwn(frame);
        return base.load_state_dict(source, strict, skip);
    }

    /// <inheritdoc/>
    protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
    {
        base._toEpilog(dtype, device, non_blocking);
        Dtype = dtype ?? Dtype;
    }

    Tensor? IWatchedLayer.CreateDenseWeight(long outputs) => CreateDenseWeight(outputs);

    Tensor? IWatchedLayer.CreateBias() => Bias?.alias();

    bool IWatchedLayer.HasChannelsFirst => HasChannelsFirst;

    /// <inheritdoc cref="IWatchedLayer.CreateDenseWeight"/>
    private protected abstract Tensor? CreateDenseWeight(long outputs);

    /// <inheritdoc cref="IWatchedLayer.HasChannelsFirst"/>
    private protected virtual bool HasChannelsFirst => false;

    /// <exception cref="ArgumentException">The input is not floating point, or differs from the layer's own tensors in dtype or
    /// device.</exception>
    private protected void CheckKind(Tensor input)
    {
        var dtype = input.dtype;
        if (!is_floating_point(dtype))
            throw new ArgumentException(
                $"The input is {dtype}; a layer of a frame wants a floating point type. Convert it with .to(ScalarType.Float32).",
                nameof(input));

        foreach (var name in s_ownNames)
        {
            if (Own(name) is not { } own)
                continue;
            if (own.dtype != dtype)
                throw new ArgumentException(
                    $"The input is {dtype}, the layer's {name} {own.dtype}. Convert one of them with .to(...).", nameof(input));
            if (own.device_type != input.device_type || own.device_index != input.device_index)
                throw new ArgumentException(
                    $"The input is on {input.device}, the layer's {name} on {own.device}. Move one of them with .to(...).", nameof(input));
        }
    }

    private protected static Tensor Zeros(long count, bool trained, ScalarType dtype, Device? device)
    {
        var zero = zeros(count, dtype: FixedLayerCheck.FloatingPoint(dtype), device: device);
        return trained ? new Parameter(zero) : zero;
    }

    /// <summary>Factors of zeros, for a layer whose state is loaded next.</summary>
    /// <exception cref="ArgumentException">The numbers are those of no frame.</exception>
    private protected static Func<string, Tensor> Blanks(SimplexEtfHeader header)
    {
        if (header.Problem() is { } problem)
            throw new ArgumentException($"Not a simplex ETF: {problem}.", nameof(header));
        return name => header.Factors.Where(f => f.Name == name).Select(f => zeros(f.Rows, f.Columns)).Single();
    }

    /// <summary>The layer's own parameter or buffer of a name; null if there is none.</summary>
    private Tensor? Own(string name) =>
        _internal_params.TryGetValue(name, out var parameter) ? parameter
        : _internal_buffers.TryGetValue(name, out var buffer) ? buffer.Item1
        : null;

    private FrameScale ReadScale() => new(RequireOwn(get_buffer(FrameName)!).Scale);

    /// <exception cref="InvalidOperationException">The numbers are those of another frame, or of none.</exception>
    private SimplexEtfHeader RequireOwn(Tensor numbers)
    {
        using var scope = NewDisposeScope();
        var loaded = numbers.dtype == ScalarType.Int64 ? numbers.detach().cpu().contiguous().data<long>().ToArray() : [];
        var header = loaded.Length == SimplexEtfHeader.NumberCount + _patch.Length
            ? SimplexEtfHeader.FromNumbers(loaded.AsSpan(0, SimplexEtfHeader.NumberCount))
            : null;
        var patch = loaded.AsSpan(Math.Min(loaded.Length, SimplexEtfHeader.NumberCount));
        if (header is not null && header.Problem() is null && header.Signature == _header.Signature && patch.SequenceEqual(_patch))
            return header;
        var what = header is null ? "not that of a simplex ETF layer"
            : header.Problem() is { } problem ? $"not that of a frame ({problem})"
            : $"that of the frame {header.Signature}{Kernel(patch)}";
        throw new InvalidOperationException($"The loaded state is {what}; this layer is {_header.Signature}{Kernel(_patch)}. " +
            "Build the layer with the kind, shape and seed of the state, or load its own state again.");

        static string Kernel(ReadOnlySpan<long> patch) =>
            patch.Length == 0 ? "" : $" over patches of {string.Join(" x ", patch.ToArray())}";
    }

    private static double ToDouble(Tensor value)
    {
        using var scope = NewDisposeScope();
        return value.detach().to(ScalarType.Float64, CPU).item<double>();
    }
}
