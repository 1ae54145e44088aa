using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which tokens a token may look at.</summary>
internal static class AttentionMask
{
    /// <exception cref="ArgumentException">Not a mask for such an input.</exception>
    public static void Check(Tensor padding, Tensor input, string name)
    {
        if (padding.dtype != ScalarType.Bool)
            throw new ArgumentException($"The padding mask is {padding.dtype}; it must be Bool, true where a token is padding.", name);
        if (padding.dim() != 2 || padding.shape[0] != input.shape[0] || padding.shape[1] != input.shape[1])
            throw new ArgumentException(
                $"The padding mask has the shape {TensorCheck.Shape(padding)}; an input of {TensorCheck.Shape(input)} wants "
                + $"(batch, tokens) = ({input.shape[0]}, {input.shape[1]}).", name);
        if (padding.device_type != input.device_type || padding.device_index != input.device_index)
            throw new ArgumentException(
                $"The padding mask is on {padding.device}, the input on {input.device}. Move one of them with .to(...).", name);
    }

    /// <summary>Turns padding into what torch's attention takes: true where a token is looked at, to be broadcast to (batch, heads, tokens,
    /// tokens).</summary>
    public static Tensor FromPadding(Tensor padding, bool causal)
    {
        var (batch, tokens) = (padding.shape[0], padding.shape[1]);
        var seen = padding.logical_not().view(batch, 1, 1, tokens);
        return causal ? seen & ones(tokens, tokens, dtype: ScalarType.Bool, device: padding.device).tril() : seen;
    }
}
