using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>A small network in one of eight forms: rows of 16, four linear layers, four classes.</summary>
internal abstract class ProgramModel : nn.Module<Tensor, Tensor>
{
    private static readonly IReadOnlyList<(string Name, Func<ProgramModel> Make)> All =
    [
        ("Sequential", () => new Chain(normalized: false)),
        ("Normalized", () => new Chain(normalized: true)),
        ("Fields", () => new Fields()),
        ("LinearFields", () => new LinearFields()),
        ("MixedFields", () => new MixedFields()),
        ("List", () => new Listed()),
        ("Residual", () => new Residual()),
        ("UsedTwice", () => new UsedTwice()),
    ];

    private readonly List<Tensor> _uses = [];

    protected ProgramModel(string name)
        : base(name)
    {
    }

    public static IReadOnlyList<string> Names => [.. All.Select(one => one.Name)];

    /// <summary>Gets tensors that the model holds beside its modules: a weight among them is in use.</summary>
    public IList<Tensor> Uses => _uses;

    public static ProgramModel Make(string name) => All.Single(one => one.Name == name).Make();

    private static Tensor Act(Tensor input) => nn.functional.leaky_relu(input, 0.2);

    private sealed class Chain : ProgramModel
    {
        private readonly Sequential layers;

        public Chain(bool normalized)
            : base(nameof(Chain))
        {
            var parts = new List<(string, nn.Module<Tensor, Tensor>)>();
            for (var i = 0; i < 3; i++)
            {
                // A bias in front of a batch norm has no gradient.
                parts.Add(($"fc{i}", nn.Linear(16, 16, hasBias: !normalized)));
                if (normalized)
                    parts.Add(($"norm{i}", nn.BatchNorm1d(16)));
                parts.Add(($"act{i}", nn.LeakyReLU(0.2)));
            }

            parts.Add(("head", nn.Linear(16, 4)));
            layers = nn.Sequential(parts);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => layers.call(input);
    }

    private sealed class Fields : ProgramModel
    {
        private readonly nn.Module<Tensor, Tensor> a = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> b = nn.Linear(16, 16, hasBias: false);
        private readonly nn.Module<Tensor, Tensor> c = nn.Linear(16, 12);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(12, 4);

        public Fields()
            : base(nameof(Fields)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(Act(c.call(Act(b.call(Act(a.call(input)))))));
    }

    private sealed class LinearFields : ProgramModel
    {
        private readonly Linear a = nn.Linear(16, 16);
        private readonly Linear b = nn.Linear(16, 16);
        private readonly Linear c = nn.Linear(16, 12);
        private readonly Linear head = nn.Linear(12, 4);

        public LinearFields()
            : base(nameof(LinearFields)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(Act(c.call(Act(b.call(Act(a.call(input)))))));
    }

    private sealed class MixedFields : ProgramModel
    {
        private readonly nn.Module<Tensor, Tensor> a = nn.Linear(16, 16);
        private readonly Linear b = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> norm = nn.LayerNorm([16]);
        private readonly nn.Module<Tensor, Tensor> c = nn.Linear(16, 16);
        private readonly Linear head = nn.Linear(16, 4);

        public MixedFields()
            : base(nameof(MixedFields)) => RegisterComponents();

        public override Tensor forward(Tensor input) => head.call(Act(c.call(norm.call(Act(b.call(Act(a.call(input))))))));
    }

    private sealed class Listed : ProgramModel
    {
        private readonly ModuleList<nn.Module<Tensor, Tensor>> layers = nn.ModuleList<nn.Module<Tensor, Tensor>>(
            nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 4));

        public Listed()
            : base(nameof(Listed)) => RegisterComponents();

        public override Tensor forward(Tensor input) =>
            layers.Aggregate(input, (value, layer) => layer.call(ReferenceEquals(value, input) ? value : Act(value)));
    }

    private sealed class Residual : ProgramModel
    {
        private readonly nn.Module<Tensor, Tensor>[] blocks = [nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 16)];
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public Residual()
            : base(nameof(Residual))
        {
            RegisterComponents();
            foreach (var (index, block) in blocks.Index())
                register_module($"block{index}", block);
        }

        public override Tensor forward(Tensor input) =>
            head.call(blocks.Aggregate(input, (value, block) => value + Act(block.call(value))));
    }

    private sealed class UsedTwice : ProgramModel
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> twice = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> again;
        private readonly nn.Module<Tensor, Tensor> last = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public UsedTwice()
            : base(nameof(UsedTwice))
        {
            again = twice;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => head.call(Act(last.call(Act(again.call(Act(twice.call(Act(first.call(input)))))))));
    }
}
