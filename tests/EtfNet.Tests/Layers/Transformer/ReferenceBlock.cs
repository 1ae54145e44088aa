using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Layers.Transformer;

/// <summary>A transformer block of products, sums and exponentials in float64, with leaves of its own that hold a block's values: fixed
/// frames as dense matrices.</summary>
internal sealed class ReferenceBlock
{
    private readonly Dictionary<string, Tensor> _values;
    private readonly EtfTransformerOptions _options;
    private readonly int _heads;

    public ReferenceBlock(EtfTransformerBlock block, EtfTransformerOptions options)
    {
        (_options, _heads) = (options, block.Heads);
        _values = block.named_parameters()
            .ToDictionary(p => p.name, p => p.parameter.detach().to(ScalarType.Float64).clone().requires_grad_(true));
        foreach (var (name, module) in block.named_modules())
            if (module is SimplexEtfLinear fixedLayer)
                _values[$"{name}.weight"] = fixedLayer.Etf.ToTensor();
    }

    /// <summary>The leaves that stand for the block's parameters.</summary>
    public IEnumerable<(string Name, Tensor Value)> Leaves =>
        _values.Where(value => value.Value.requires_grad).Select(value => (value.Key, value.Value));

    public Tensor Forward(Tensor x, bool[,]? padding)
    {
        if (_options.PostNorm)
        {
            x = Norm(x + Attention(x, padding), "norm1");
            return Norm(x + FeedForward(x), "norm2");
        }

        x += Attention(Norm(x, "norm1"), padding);
        return x + FeedForward(Norm(x, "norm2"));
    }

    private Tensor Norm(Tensor x, string name)
    {
        var centered = x - x.mean([-1], keepdim: true);
        return centered / (centered.square().mean([-1], keepdim: true) + 1e-5).sqrt() * _values[$"{name}.weight"] + _values[$"{name}.bias"];
    }

    private Tensor Attention(Tensor x, bool[,]? padding)
    {
        var (query, key, value) = (Linear(x, "attention.query"), Linear(x, "attention.key"), Linear(x, "attention.value"));
        var share = x.shape[2] / _heads;
        var samples = new List<Tensor>();
        for (var sample = 0L; sample < x.shape[0]; sample++)
        {
            var heads = new List<Tensor>();
            for (var head = 0; head < _heads; head++)
            {
                var scores = Head(query).mm(Head(key).t()) / Math.Sqrt(share);
                var weights = (scores + Excluded(sample, x.shape[1], padding)).exp();
                heads.Add((weights / weights.sum(1, keepdim: true)).mm(Head(value)));

                Tensor Head(Tensor all) => all[sample].narrow(1, head * share, share);
            }

            samples.Add(cat(heads, 1));
        }

        return Linear(stack(samples), "attention.output");
    }

    /// <summary>0 where a token may look, else minus infinity.</summary>
    private Tensor Excluded(long sample, long tokens, bool[,]? padding)
    {
        var barred = new double[tokens, tokens];
        for (var from = 0; from < tokens; from++)
            for (var to = 0; to < tokens; to++)
                if ((_options.Causal && to > from) || padding?[sample, to] == true)
                    barred[from, to] = double.NegativeInfinity;
        return tensor(barred);
    }

    private Tensor FeedForward(Tensor x)
    {
        var units = Scaled(Linear(x, "feedforward.up"), "feedforward.up_scale");
        units = _options.FeedForward.Activation switch
        {
            FeedForwardActivation.Relu => units * units.gt(0).to(ScalarType.Float64),
            FeedForwardActivation.Silu => units / (1 + (-units).exp()),
            _ => units * 0.5 * (1 + (units / Math.Sqrt(2)).erf()),
        };
        return Scaled(Linear(units, "feedforward.down"), "feedforward.down_scale");
    }

    private Tensor Linear(Tensor x, string name)
    {
        var y = x.matmul(_values[$"{name}.weight"].t());
        return _values.TryGetValue($"{name}.bias", out var bias) ? y + bias : y;
    }

    private Tensor Scaled(Tensor x, string name) => _values.TryGetValue($"{name}.weight", out var scale) ? x * scale : x;
}
