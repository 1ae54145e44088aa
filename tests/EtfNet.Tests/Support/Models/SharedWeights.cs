using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Models whose layer <c>hidden</c> does not have its weight, or its bias, to itself.</summary>
internal static class SharedWeights
{
    /// <summary>The kind of use: a maker, and what the reason names.</summary>
    public static readonly IReadOnlyDictionary<string, (Func<nn.Module<Tensor, Tensor>> Make, string Where)> All =
        new Dictionary<string, (Func<nn.Module<Tensor, Tensor>>, string)>
        {
            ["Embedding"] = (() => new Tied(hidden => (Rows(hidden), h => h)), "held.weight"),
            ["ParameterOfTheModel"] = (() => new Tied(hidden => (hidden.weight, h => h)), "held"),
            ["ParameterInAList"] = (() => new Tied(hidden => (new List<Parameter> { hidden.weight }, h => h)), "Tied.held[0]"),
            ["ParameterInAClosure"] = (() => Closed(), "weight"),
            ["TransposedDecoder"] = (() => new Tied(hidden => (Decoder(hidden.weight), h => h)), "held.weight"),
            ["PartOfAnother"] = (() => new Tied(hidden => (new Parameter(hidden.weight.detach().slice(0, 0, 4, 1)), h => h)), "held"),
            ["Buffer"] = (() => new Tied(hidden => (hidden.weight.detach(), h => h)), "held"),
        };

    /// <summary>Two linear layers of one weight.</summary>
    public static nn.Module<Tensor, Tensor> TwoLayers(bool linearField) => linearField ? new TwoLinear() : new TwoModules();

    /// <summary>Two linear layers of one bias.</summary>
    public static nn.Module<Tensor, Tensor> SharedBias() => new OneBias();

    private static Embedding Rows(Linear hidden)
    {
        var table = nn.Embedding(16, 16);
        hidden.weight = table.weight!;
        return table;
    }

    private static Linear Decoder(Parameter weight) => nn.Linear(new Parameter(weight.detach().t()));

    private static Tied Closed() => new(hidden =>
    {
        var weight = hidden.weight;
        return (null, h => nn.functional.linear(h, weight.t()));
    });

    private sealed class Tied : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);
        private readonly object? held;
        private readonly Func<Tensor, Tensor> more;

        public Tied(Func<Linear, (object? Held, Func<Tensor, Tensor> More)> tie)
            : base(nameof(Tied))
        {
            var linear = nn.Linear(16, 16);
            (held, more) = tie(linear);
            hidden = linear;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(more(hidden.call(input).relu()));
    }

    private sealed class TwoModules : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden;
        private readonly nn.Module<Tensor, Tensor> again;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public TwoModules()
            : base(nameof(TwoModules))
        {
            var first = nn.Linear(16, 16);
            (hidden, again) = (first, nn.Linear(first.weight, new Parameter(zeros(16))));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(again.call(hidden.call(input).relu()).relu());
    }

    private sealed class TwoLinear : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden;
        private readonly Linear again;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public TwoLinear()
            : base(nameof(TwoLinear))
        {
            var first = nn.Linear(16, 16);
            (hidden, again) = (first, nn.Linear(first.weight, new Parameter(zeros(16))));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(again.call(hidden.call(input).relu()).relu());
    }

    private sealed class OneBias : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden;
        private readonly nn.Module<Tensor, Tensor> again;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public OneBias()
            : base(nameof(OneBias))
        {
            var (first, second) = (nn.Linear(16, 16), nn.Linear(16, 16));
            second.bias = first.bias;
            (hidden, again) = (first, second);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(again.call(hidden.call(input).relu()).relu());
    }
}
