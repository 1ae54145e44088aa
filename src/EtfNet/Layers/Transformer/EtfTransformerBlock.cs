using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A transformer block whose feedforward is a pair of fixed simplex ETFs: the ETF-Transformer's block.</summary>
/// <remarks>
/// <para>Pre-norm: <c>x + attention(norm(x))</c>, then <c>x + feedforward(norm(x))</c>. Shapes: input and output (batch, tokens, width),
/// batch first. Attention is multi-head scaled dot-product attention with biased projections <c>attention.query</c>, <c>.key</c>,
/// <c>.value</c>, <c>.output</c>, each an <c>nn.Linear</c> that can be hooked, fixed or replaced. The other parts are <c>norm1</c>,
/// <c>norm2</c> and <c>feedforward</c> (<see cref="EtfFeedForward"/>).</para>
/// <para>With <see cref="FixedProjections.None"/> it is the plain block with a learned feedforward and no other difference: the baseline to
/// compare with (<see cref="Plain"/>), and a block whose feedforward <see cref="ModuleExtensions.ApplyAdaptiveEtf(nn.Module, double)"/> can
/// fix during training.</para>
/// <para>Dropout and stochastic depth draw from torch's global generator, as torch's own layers do. Source: Liu, arXiv 2412.00884, section
/// 3 (ETF-Transformer);
/// Vaswani et al., arXiv 1706.03762; pre-norm: Xiong et al., arXiv 2002.04745.</para>
/// </remarks>
public sealed class EtfTransformerBlock : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")]
    private readonly nn.Module<Tensor, Tensor> _norm1;

    [ComponentName(Name = "attention")]
    private readonly nn.Module<Tensor, Tensor, Tensor> _attention;

    [ComponentName(Name = "norm2")]
    private readonly nn.Module<Tensor, Tensor> _norm2;

    [ComponentName(Name = "feedforward")]
    private readonly nn.Module<Tensor, Tensor> _feedForward;

    [ComponentName(Name = "dropout")]
    private readonly nn.Module<Tensor, Tensor> _dropout;

    /// <summary>The mask of the call under way on this thread, so that hooks on the block fire with a mask too.</summary>
    private readonly ThreadLocal<Tensor?> _padding = new();

    private readonly double _stochasticDepth;
    private readonly bool _postNorm;

    /// <summary>Makes a block. Learned parts are initialized from torch's global generator, as every <c>nn.Linear</c> is.</summary>
    /// <param name="width">The size of the last dimension of input and output, at least 2.</param>
    /// <param name="heads">The number of attention heads, at least 1; it divides the width.</param>
    /// <param name="options">The default is a pre-norm block with both projections fixed at ratio 4.</param>
    /// <param name="dtype">The floating point type. The default is float32.</param>
    /// <param name="device">The default is the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is below 2, there is no head, or the ratio gives fewer than 2 hidden units
    /// or more than 2147483647.</exception>
    /// <exception cref="ArgumentException">The heads do not divide the width, the dtype is not floating point, or the frame does not suit
    /// the ratio.</exception>
    public EtfTransformerBlock(
        long width, int heads, EtfTransformerOptions? options = null, ScalarType dtype = ScalarType.Float32, Device? device = null)
        : base(nameof(EtfTransformerBlock))
    {
        options ??= new EtfTransformerOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(heads, 1);
        if (width % heads != 0)
            throw new ArgumentException($"{heads} heads do not divide a width of {width}: each head takes an equal share of it.",
                nameof(heads));
        (Width, Heads, _stochasticDepth, _postNorm) = (width, heads, options.StochasticDepth, options.PostNorm);

        using var scope = NewDisposeScope();
        // The feedforward first: it checks what is left to check.
        _feedForward = new EtfFeedForward(width, options.FeedForward, dtype);
        _attention = new SelfAttention(width, heads, options.AttentionDropout, options.Causal, dtype);
        _norm1 = nn.LayerNorm(width, dtype: dtype);
        _norm2 = nn.LayerNorm(width, dtype: dtype);
        _dropout = nn.Dropout(options.Dropout);
        RegisterComponents();
        OwnedState.Keep(this, device);
    }

    /// <summary>Gets the size of the last dimension of input and output.</summary>
    public long Width { get; }

    /// <summary>Gets the number of attention heads.</summary>
    public int Heads { get; }

    /// <summary>Makes the plain block: the same block with a learned feedforward, as a baseline.</summary>
    /// <param name="width">As in the constructor.</param>
    /// <param name="heads">As in the constructor.</param>
    /// <param name="options">As in the constructor; which projections are fixed, and the frame, are ignored.</param>
    /// <param name="dtype">As in the constructor.</param>
    /// <param name="device">As in the constructor.</param>
    /// <returns>A block of plain <c>nn.Linear</c> projections.</returns>
    /// <exception cref="ArgumentOutOfRangeException">As in the constructor.</exception>
    /// <exception cref="ArgumentException">As in the constructor.</exception>
    public static EtfTransformerBlock Plain(
        long width, int heads, EtfTransformerOptions? options = null, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        options ??= new EtfTransformerOptions();
        options = options with { FeedForward = options.FeedForward with { Fixed = FixedProjections.None } };
        return new EtfTransformerBlock(width, heads, options, dtype, device);
    }

    /// <summary>Runs the block on sequences of unequal length.</summary>
    /// <param name="input">(batch, tokens, width).</param>
    /// <param name="padding">(batch, tokens), Bool: true where a token is padding, which no token attends to. Null if there is no
    /// padding.</param>
    /// <returns>(batch, tokens, width); the rows of padding are meaningless.</returns>
    /// <remarks>Hooks fire as with <c>call(input)</c>. For a sequence that is all padding, attention adds nothing.</remarks>
    /// <exception cref="ArgumentException">The input or the mask has a wrong shape, dtype or device.</exception>
    public Tensor call(Tensor input, Tensor? padding)
    {
        var outer = _padding.Value;
        _padding.Value = padding;
        try
        {
            return call(input);
        }
        finally
        {
            _padding.Value = outer;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is null.</exception>
    /// <exception cref="ArgumentException">The input's shape, type or device does not fit the block.</exception>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.dim() != 3 || input.shape[2] != Width)
            throw new ArgumentException(
                $"The input has the shape {TensorCheck.Shape(input)}; a block of width {Width} wants (batch, tokens, {Width}).",
                nameof(input));
        if (_norm1 is LayerNorm { weight: { } own }
            && (own.dtype != input.dtype || own.device_type != input.device_type || own.device_index != input.device_index))
            throw new ArgumentException(
                $"The input is {input.dtype} on {input.device}, the block {own.dtype} on {own.device}. Convert one of them with .to(...).",
                nameof(input));
        if (_padding.Value is { } padding)
            AttentionMask.Check(padding, input, nameof(padding));

        using var scope = NewDisposeScope();
        var attended = Residual(input, _norm1, x => _attention.call(x, _padding.Value!));
        return Residual(attended, _norm2, _feedForward.call).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _padding.Dispose();
        base.Dispose(disposing);
    }

    private Tensor Residual(Tensor input, nn.Module<Tensor, Tensor> norm, Func<Tensor, Tensor> branch)
    {
        var change = StochasticDepth(_dropout.call(branch(_postNorm ? input : norm.call(input))));
        return _postNorm ? norm.call(input + change) : input + change;
    }

    private Tensor StochasticDepth(Tensor change)
    {
        if (!training || _stochasticDepth == 0)
            return change;
        var keep = 1 - _stochasticDepth;
        return change * (empty(change.shape[0], 1, 1, dtype: change.dtype, device: change.device).bernoulli_(keep) / keep);
    }
}
