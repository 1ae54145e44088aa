using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Multi-head scaled dot-product self-attention over (batch, tokens, width), with four projections of its own that can be hooked,
/// fixed or replaced.</summary>
internal sealed class SelfAttention : nn.Module<Tensor, Tensor, Tensor>
{
    [ComponentName(Name = "query")]
    private readonly nn.Module<Tensor, Tensor> _query;

    [ComponentName(Name = "key")]
    private readonly nn.Module<Tensor, Tensor> _key;

    [ComponentName(Name = "value")]
    private readonly nn.Module<Tensor, Tensor> _value;

    [ComponentName(Name = "output")]
    private readonly nn.Module<Tensor, Tensor> _output;

    private readonly int _heads;
    private readonly double _dropout;
    private readonly bool _causal;

    public SelfAttention(long width, int heads, double dropout, bool causal, ScalarType dtype)
        : base(nameof(SelfAttention))
    {
        (_heads, _dropout, _causal) = (heads, dropout, causal);
        _query = Projection();
        _key = Projection();
        _value = Projection();
        _output = Projection();
        RegisterComponents();

        Linear Projection() => nn.Linear(width, width, dtype: dtype);
    }

    /// <param name="input">(batch, tokens, width).</param>
    /// <param name="padding">True where a token is padding, (batch, tokens); null: none is.</param>
    public override Tensor forward(Tensor input, Tensor padding)
    {
        using var scope = NewDisposeScope();
        var (batch, tokens, width) = (input.shape[0], input.shape[1], input.shape[2]);
        // torch accepts a mask or the causal flag, not both.
        var seen = padding is null ? null : AttentionMask.FromPadding(padding, _causal);
        var mixed = nn.functional.scaled_dot_product_attention(
            Heads(_query), Heads(_key), Heads(_value), seen, training ? _dropout : 0, is_casual: _causal && seen is null);
        return _output.call(mixed.transpose(1, 2).reshape(batch, tokens, width)).MoveToOuterDisposeScope();

        Tensor Heads(nn.Module<Tensor, Tensor> projection) =>
            projection.call(input).view(batch, tokens, _heads, width / _heads).transpose(1, 2);
    }
}
