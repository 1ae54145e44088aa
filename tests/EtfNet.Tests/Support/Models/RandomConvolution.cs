using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>A convolution of a frame and what it is compared with, all drawn from a seed: shape, kernel, stride, padding, dilation, input
/// and layout.</summary>
internal sealed class RandomConvolution
{
    /// <summary>
    /// Where libtorch takes oneDNN's convolutions, channels come in multiples of 16: with others they gave NaN now and then on some
    /// processors.
    /// </summary>
    private const int Group = 16;

    private readonly Random _random;
    private readonly ScalarType _type;

    public RandomConvolution(int seed, ScalarType type)
    {
        (_random, _type) = (new Random(seed), type);
        var dimensions = _random.Next(4) == 0 ? 1 : 2;
        var channels = IsGrouped ? Group * _random.Next(1, 3) : _random.Next(1, 9);
        var (height, width) = dimensions == 1 ? (1, _random.Next(1, 6)) : (_random.Next(1, 5), _random.Next(1, 5));
        (long Rows, long Columns) dilation = dimensions == 1 ? (1, _random.Next(1, 3)) : (_random.Next(1, 3), _random.Next(1, 3));
        var isSame = _random.Next(4) == 0;
        (long Rows, long Columns) stride = isSame ? (1, 1)
            : dimensions == 1 ? (1, _random.Next(1, 4))
            : (_random.Next(1, 4), _random.Next(1, 4));
        (long Rows, long Columns) padding = dimensions == 1 ? (0, _random.Next(0, 4)) : (_random.Next(0, 4), _random.Next(0, 4));
        Mode = (PaddingModes)_random.Next(4);
        // At least as large as the kernel, and as the padding of any mode needs.
        long Side(long kernel, long step, long pad) =>
            Math.Max(Math.Max(1, (step * (kernel - 1)) + 1 - (2 * pad)), Math.Max(pad, step * (kernel - 1)) + 1) + _random.Next(0, 4);
        (Rows, Columns) = (dimensions == 1 ? 1 : Side(height, dilation.Rows, padding.Rows), Side(width, dilation.Columns, padding.Columns));

        Patch = new PatchShape(channels, height, width);
        var kind = (EtfFrameKind)_random.Next(5);
        var etf = DrawFrame(kind, seed);
        var bias = Sample.Normal(seed, etf.Rows).to(type);
        Bias = _random.Next(3) switch { 0 => null, 1 => bias, _ => new Parameter(bias) };
        TrainScale = _random.Next(3) == 0;
        if (dimensions == 1)
        {
            ConvPadding pad = isSame ? Padding.Same : padding.Columns;
            Layer = new SimplexEtfConv1d(etf, channels, width, stride.Columns, pad, dilation.Columns, Mode, Bias, TrainScale, type);
            Dense = isSame
                ? nn.Conv1d(channels, etf.Rows, width, Padding.Same, 1, dilation.Columns, Mode, 1, Bias is not null)
                : nn.Conv1d(channels, etf.Rows, width, stride.Columns, padding.Columns, dilation.Columns, Mode, 1, Bias is not null);
        }
        else
        {
            ConvPadding pad = isSame ? Padding.Same : padding;
            Layer = new SimplexEtfConv2d(etf, channels, (height, width), stride, pad, dilation, Mode, Bias, TrainScale, type);
            Dense = isSame
                ? nn.Conv2d(channels, etf.Rows, (height, width), Padding.Same, (1, 1), dilation, Mode, 1, Bias is not null)
                : nn.Conv2d(channels, etf.Rows, (height, width), stride, padding, dilation, Mode, 1, Bias is not null);
        }

        Dense.to(ScalarType.Float64);
        // TorchSharp 0.107 takes rows for columns here.
        if (isSame && Mode is not PaddingModes.Zeros)
            TorchSharpInternals.ReversedPadding(Dense) = dimensions == 1
                ? Same(width, dilation.Columns)
                : [.. Same(width, dilation.Columns), .. Same(height, dilation.Rows)];
        Etf = etf;
        Unit = Kernel(etf.WithScale(1).ToTensor(), dimensions);
        Input = DrawInput(seed, dimensions);
        Description = $"{seed}: {etf}, patches of {Patch}, stride {stride}, padding {(isSame ? "same" : padding)} {Mode}, " +
            $"dilation {dilation}, input {string.Join("x", Input.shape)}, {type}";
    }

    public PatchShape Patch { get; }

    public PaddingModes Mode { get; }

    public long Rows { get; }

    public long Columns { get; }

    public SimplexEtf Etf { get; }

    public SimplexEtfConvolution Layer { get; }

    public Tensor? Bias { get; }

    public bool TrainScale { get; }

    /// <summary>TorchSharp's own layer in float64, its weight still to be set.</summary>
    public Convolution Dense { get; }

    /// <summary>The frame with rows of norm 1 as a kernel, float64, put together number by number.</summary>
    public Tensor Unit { get; }

    /// <summary>In the layer's dtype; a batch, an empty one or a single map, in any layout.</summary>
    public Tensor Input { get; }

    public string Description { get; }

    private bool IsGrouped => _type != ScalarType.Float64;

    /// <summary>The places of a patch in the order of the frame, as the definition has it: the middle taps, then the others tap by
    /// tap.</summary>
    public static IEnumerable<(long Channel, long Row, long Column)> FrameOrder(PatchShape patch)
    {
        var middle = (patch.Height / 2, patch.Width / 2);
        var taps = new List<(long, long)> { middle };
        for (long row = 0; row < patch.Height; row++)
            for (long column = 0; column < patch.Width; column++)
                if ((row, column) != middle)
                    taps.Add((row, column));
        foreach (var (row, column) in taps)
            for (long channel = 0; channel < patch.Channels; channel++)
                yield return (channel, row, column);
    }

    private static long[] Same(long kernel, long dilation) =>
        [dilation * (kernel - 1) / 2, (dilation * (kernel - 1)) - (dilation * (kernel - 1) / 2)];

    private Tensor Kernel(Tensor matrix, int dimensions)
    {
        var kernel = zeros([matrix.shape[0], Patch.Channels, Patch.Height, Patch.Width], dtype: ScalarType.Float64);
        foreach (var (place, index) in FrameOrder(Patch).Take((int)matrix.shape[1]).Select((place, index) => (place, index)))
            kernel[TensorIndex.Colon, place.Channel, place.Row, place.Column] = matrix[TensorIndex.Colon, index];
        return dimensions == 1 ? kernel.squeeze(2) : kernel;
    }

    /// <summary>K below, at and above C, at d and d + 1, and beyond; in some cases a frame over the middle pixels.</summary>
    private SimplexEtf DrawFrame(EtfFrameKind kind, int seed)
    {
        var (channels, size) = (Patch.Channels, Patch.Size);
        // Kernels that are convolved with have K outputs.
        var isKernel = kind is not (EtfFrameKind.Identity or EtfFrameKind.Aligned) && Patch.Taps > 1;
        long rows = IsGrouped && isKernel
            ? Group * _random.Next(1, (int)Math.Min(6, (size / Group) + 3))
            : _random.Next(7) switch
            {
                0 => _random.Next(2, (int)Math.Max(3, channels)),
                1 => channels,
                2 => channels + 1,
                3 => Math.Min(size, 60) + 1 - _random.Next(2),
                4 => size + 1,
                5 when size < 40 => size + _random.Next(2, 30),
                _ => _random.Next(2, (int)Math.Min(size, 60) + 2),
            };
        rows = Math.Max(2, rows);
        var columns = _random.Next(4) == 0 && channels >= 2 ? channels : size;
        if (rows > columns + 1 && columns < 2)
            rows = 2;
        return RandomFrames.Of(kind, rows, columns, seed, (_random.NextDouble() * 3) + 0.1);
    }

    private Tensor DrawInput(int seed, int dimensions)
    {
        var batch = _random.Next(6) == 0 ? 0 : _random.Next(1, 4);
        long[] map = dimensions == 1 ? [Columns] : [Rows, Columns];
        Tensor Make(params long[] shape) => Sample.Normal(seed + 1, shape).to(_type);
        var last = dimensions + 1;
        return (_random.Next(4) switch
        {
            0 => Make([Patch.Channels, .. map]),
            // Channels last in memory.
            1 => Make([batch, .. map, Patch.Channels]).permute([0, last, .. Enumerable.Range(1, dimensions).Select(i => (long)i)]),
            // With holes.
            2 => Make([batch, 2 * Patch.Channels, .. map]).slice(1, 1, 2 * Patch.Channels, 2),
            _ => Make([batch, Patch.Channels, .. map]),
        }).requires_grad_(true);
    }
}
