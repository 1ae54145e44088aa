using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A convolution whose kernel is a fixed simplex equiangular tight frame over patches: <see cref="SimplexEtfConv2d"/> or
/// <see cref="SimplexEtfConv1d"/>.</summary>
/// <remarks>
/// <para>A patch has <c>d = C k k</c> numbers: those of C input channels under a kernel. The frame E is a K x d matrix
/// (<see cref="SimplexEtfLayer.Etf"/>) whose columns are in <em>frame order</em>: first the middle tap (index floor(k/2) along each side)
/// of channels 0 to C - 1, then the other taps row by row, each with all its channels.</para>
/// <para>Multiplications per position, where the dense kernel has K C k k. Identity: none; K numbers of the patch, minus their mean.
/// Random: K C if <c>K &lt;= C + 1</c> (only the middle pixel is used), else a dense kernel. Aligned of rank r: <c>(r + 1)(C k k + K)</c>.
/// Nearest: a dense kernel, but without weight gradient and optimizer state. Column frames center over the whole patch, padding
/// included.</para>
/// <para>Gradients are analytic: nothing is saved for the backward pass, not even the input.</para>
/// </remarks>
public abstract partial class SimplexEtfConvolution : SimplexEtfLayer
{
    private readonly PatchFrame _frame;
    private readonly PatchWindow _window;
    private readonly PatchOperatorSource _operators;

    private protected SimplexEtfConvolution(string name, ConvParts parts, Tensor? bias, bool trainScale, ScalarType? dtype, Device? device)
        : base(name, parts.Frame.Header, parts.Frame.Patch.ToNumbers(), Factors(parts), bias, trainScale, dtype, device)
    {
        (_frame, _window, Padding) = (parts.Frame, parts.Window, parts.Padding);
        _operators = new PatchOperatorSource(_frame, ReadStored);
    }

    /// <summary>Gets C, the number of input channels.</summary>
    public long InChannels => _window.Patch.Channels;

    /// <summary>Gets K, the number of output channels.</summary>
    public long OutChannels => Shape.Rows;

    /// <summary>Gets the padding as it was given.</summary>
    public ConvPadding Padding { get; }

    /// <summary>Gets what the padding contains: zeros, or values of the map.</summary>
    public PaddingModes PaddingMode => _window.Mode;

    /// <summary>How the kernel moves.</summary>
    internal PatchWindow Window => _window;

    /// <summary>The frame as it is now, except for its factors, and the patches: what a plan holds.</summary>
    internal PatchFrame Frame => _frame with { Header = Header };

    /// <summary>Converts a kernel to the K x d matrix that <see cref="SimplexEtf"/> takes, with its columns in frame order.</summary>
    /// <param name="kernel">The weight of a convolution without groups: (K, C, height, width), or (K, C, width).</param>
    /// <returns>A new K x d tensor of the current dispose scope.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="kernel"/> is null.</exception>
    /// <exception cref="ArgumentException">The tensor is not a kernel.</exception>
    public static Tensor KernelToMatrix(Tensor kernel) => PatchShape.Of(kernel).ToMatrix(kernel);

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is null.</exception>
    /// <exception cref="ArgumentException">The input's shape, type or device does not fit the layer.</exception>
    /// <exception cref="InvalidOperationException">The loaded state is that of another frame.</exception>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _window.Check(input);
        CheckKind(input);
        using var scope = NewDisposeScope();
        var (maps, window) = _window.Pad(_window.Lift(input));
        var output = Run(maps, _operators.At(window, new Extent(maps.size(2), maps.size(3))));
        return _window.Lower(output, input.dim()).MoveToOuterDisposeScope();
    }

    /// <summary>A layer to put in the place of a TorchSharp one: the same channels, kernel size, stride, padding, dilation, dtype, device
    /// and
    /// mode.</summary>
    /// <param name="layer">A convolution without groups.</param>
    /// <param name="etf">The frame: K x d over patches, or K x C over their middle pixels.</param>
    /// <param name="bias">K numbers, or null; adopted.</param>
    /// <param name="dtype">Null for the layer's.</param>
    /// <param name="device">Null for the layer's.</param>
    /// <exception cref="ArgumentException">No frame stands in for the layer, or the frame or the bias does not fit it.</exception>
    internal static SimplexEtfConvolution ReplacementFor(
        Convolution layer, SimplexEtf etf, Tensor? bias, ScalarType? dtype = null, Device? device = null) =>
        Create(layer, ConvParts.Of(ConvWindow.Of(layer), etf), bias, dtype, device);

    /// <summary>The same, with factors of zeros until a state is loaded.</summary>
    internal static SimplexEtfConvolution ReplacementFor(
        Convolution layer, SimplexEtfHeader header, Tensor? bias, ScalarType? dtype = null, Device? device = null) =>
        Create(layer, ConvParts.Blank(ConvWindow.Of(layer), header), bias, dtype, device);

    /// <summary>Gives a TorchSharp layer the kernel and the bias, as trainable parameters of their own.</summary>
    /// <param name="dense">Made on the meta device, where nothing is drawn from the global generator.</param>
    private protected T Fill<T>(T dense)
        where T : Convolution
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var bias = Bias is { } own ? new Parameter(own.detach().clone()) : null;
        return DenseConvolution.Fill(dense, new Parameter(Kernel(DenseMatrix())), bias, _window, training);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _operators.Dispose();
        base.Dispose(disposing);
    }

    private protected override Tensor ReadFactor(string name) => PatchFactors.Read(_frame, name, ReadStored(name).detach());

    /// <summary>A kernel holds no row per class, whatever its number of outputs.</summary>
    private protected override Tensor? CreateDenseWeight(long outputs) => null;

    private protected override bool HasChannelsFirst => true;

    /// <summary>Sequences have kernels of three dimensions in the state, as TorchSharp's layers have.</summary>
    private static IEnumerable<(string, Tensor)> Factors(ConvParts parts) =>
        from factor in parts.Frame.Header.Factors
        let stored = PatchFactors.Store(parts.Frame, factor.Name, parts.Factor(factor.Name))
        select (factor.Name, parts.Window.Dimensions == 1 && stored.dim() == 4 ? stored.squeeze(2) : stored);

    private Tensor ReadStored(string name)
    {
        var stored = get_buffer(name)!;
        return stored.dim() == 3 ? stored.unsqueeze(2) : stored;
    }

    private static SimplexEtfConvolution Create(Convolution layer, ConvParts parts, Tensor? bias, ScalarType? dtype, Device? device)
    {
        if (layer.out_channels != parts.Frame.Header.Shape.Rows)
            throw new ArgumentException(
                $"A frame of {parts.Frame.Header.Shape.Rows} rows does not fit a convolution of {layer.out_channels} outputs.",
                nameof(parts));
        (dtype, device) = (dtype ?? layer.weight.dtype, device ?? layer.weight.device);
        SimplexEtfConvolution made = layer is Conv1d
            ? new SimplexEtfConv1d(parts, bias, false, dtype, device)
            : new SimplexEtfConv2d(parts, bias, false, dtype, device);
        made.train(layer.training);
        return made;
    }
}
