using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The memory format of a convolution's weight whose input channels are stored last.</summary>
internal static class ChannelsLast
{
    public static bool Is(Tensor weight) => weight.dim() > 2 && !weight.is_contiguous() && weight.movedim([1L], [-1L]).is_contiguous();

    /// <summary>The values in that format, of the current scope.</summary>
    public static Tensor Of(Tensor values) => values.movedim([1L], [-1L]).contiguous().movedim([-1L], [1L]);
}
