using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>Models of the shapes in which people hold their layers; each has a hidden linear layer 16 to 16 (ready to be replaced) and
/// takes rows of 16.</summary>
internal static class Shapes
{
    /// <summary>Name, maker, the path of the layer to replace, whether it can be replaced (or else only be fixed in place).</summary>
    public static readonly IReadOnlyList<(string Name, Func<nn.Module<Tensor, Tensor>> Make, string Path, bool Replaceable)> All =
    [
        ("Sequential", () => nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4)), "0", true),
        ("NamedSequential", () => nn.Sequential(("hidden", nn.Linear(16, 16)), ("act", nn.ReLU()), ("head", nn.Linear(16, 4))),
            "hidden", true),
        ("NestedSequential", () => nn.Sequential(nn.Sequential(nn.Linear(16, 16), nn.ReLU()), nn.Linear(16, 4)), "0.0", true),
        ("ModuleField", () => new ModuleField(), "hidden", true),
        ("LinearField", () => new LinearField(), "hidden", false),
        ("BaseClassField", () => new BaseClassField(), "hidden", true),
        ("AutoProperty", () => new AutoProperty(), "<Hidden>k__BackingField", true),
        ("ListOfModules", () => new ListOfModules(), "layers.0", true),
        ("DictionaryOfModules", () => new DictionaryOfModules(), "layers.hidden", true),
        ("Array", () => new Holder(layer => new nn.Module<Tensor, Tensor>[] { layer }, held => ((nn.Module<Tensor, Tensor>[])held)[0]),
            "hidden", true),
        ("List", () => new Holder(layer => new List<nn.Module<Tensor, Tensor>> { layer },
            held => ((List<nn.Module<Tensor, Tensor>>)held)[0]), "hidden", true),
        ("Dictionary", () => new Holder(layer => new Dictionary<string, nn.Module<Tensor, Tensor>> { ["h"] = layer },
            held => ((Dictionary<string, nn.Module<Tensor, Tensor>>)held)["h"]), "hidden", true),
        ("ValueTuples", () => new Holder(layer => new List<(int Size, nn.Module<Tensor, Tensor> Layer)> { (1, layer) },
            held => ((List<(int Size, nn.Module<Tensor, Tensor> Layer)>)held)[0].Layer), "hidden", true),
        ("Tuple", () => new Holder(layer => Tuple.Create("h", layer), held => ((Tuple<string, nn.Module<Tensor, Tensor>>)held).Item2),
            "hidden", true),
        ("Closure", () => new Closure(), "hidden", true),
        ("MethodGroup", () => new Holder(layer => (Func<Tensor, Tensor>)layer.call, held => held), "hidden", true),
        ("Alias", () => new Alias(), "hidden", true),
        ("Tied", () => Tied(), "0", true),
        ("Generic", () => new Generic<nn.Module<Tensor, Tensor>>(nn.Linear(16, 16)), "hidden", true),
        ("GenericOverLinear", () => new Generic<Linear>(nn.Linear(16, 16)), "hidden", false),
        ("SetElement", () => new Holder(layer => new HashSet<nn.Module<Tensor, Tensor>> { layer },
            held => ((HashSet<nn.Module<Tensor, Tensor>>)held).Single()), "hidden", false),
        ("Grid", () => new Holder(layer => new nn.Module<Tensor, Tensor>[,] { { layer } },
            held => ((nn.Module<Tensor, Tensor>[,])held)[0, 0]), "hidden", false),
        ("StrongBox", () => new Holder(layer => new StrongBox<nn.Module<Tensor, Tensor>>(layer),
            held => ((StrongBox<nn.Module<Tensor, Tensor>>)held).Value!), "hidden", true),
        ("MovedAfterConstruction",
            () => (nn.Module<Tensor, Tensor>)new ModuleField().to(ScalarType.Float64).to(ScalarType.Float32), "hidden", true),
    ];

    /// <summary>Makes one of these, or of <see cref="ConvolutionShapes"/>.</summary>
    public static nn.Module<Tensor, Tensor> Make(string name) =>
        All.Concat(ConvolutionShapes.All).Single(shape => shape.Name == name).Make();

    private static nn.Module<Tensor, Tensor> Tied()
    {
        var shared = nn.Linear(16, 16);
        return nn.Sequential(shared, nn.ReLU(), shared, nn.Linear(16, 4));
    }

    internal class ModuleField : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> act = nn.ReLU();
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public ModuleField()
            : base(nameof(ModuleField)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return head.call(act.call(hidden.call(input))).MoveToOuterDisposeScope();
        }
    }

    private sealed class LinearField : nn.Module<Tensor, Tensor>
    {
        private readonly Linear hidden = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public LinearField()
            : base(nameof(LinearField)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return head.call(hidden.call(input).relu()).MoveToOuterDisposeScope();
        }
    }

    private sealed class BaseClassField : ModuleField
    {
        private readonly nn.Module<Tensor, Tensor> extra = nn.Identity();

        public override Tensor forward(Tensor input) => base.forward(extra.call(input));
    }

    private sealed class AutoProperty : nn.Module<Tensor, Tensor>
    {
        public AutoProperty()
            : base(nameof(AutoProperty))
        {
            Hidden = nn.Linear(16, 16);
            Head = nn.Linear(16, 4);
            RegisterComponents();
        }

        public nn.Module<Tensor, Tensor> Hidden { get; }

        public nn.Module<Tensor, Tensor> Head { get; set; }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return Head.call(Hidden.call(input).relu()).MoveToOuterDisposeScope();
        }
    }

    private sealed class ListOfModules : nn.Module<Tensor, Tensor>
    {
        private readonly ModuleList<nn.Module<Tensor, Tensor>> layers =
            nn.ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4));

        public ListOfModules()
            : base(nameof(ListOfModules)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return layers.Aggregate(input, (value, layer) => layer.call(value)).MoveToOuterDisposeScope();
        }
    }

    private sealed class DictionaryOfModules : nn.Module<Tensor, Tensor>
    {
        private readonly ModuleDict<nn.Module<Tensor, Tensor>> layers = new();

        public DictionaryOfModules()
            : base(nameof(DictionaryOfModules))
        {
            layers.Add("hidden", nn.Linear(16, 16));
            layers.Add("head", nn.Linear(16, 4));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return layers["head"].call(layers["hidden"].call(input).relu()).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Registers a layer by name and calls it through something else that holds it.</summary>
    private sealed class Holder : nn.Module<Tensor, Tensor>
    {
        private readonly object held;
        private readonly Func<object, object> reach;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public Holder(Func<nn.Module<Tensor, Tensor>, object> hold, Func<object, object> reach)
            : base(nameof(Holder))
        {
            nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
            held = hold(hidden);
            this.reach = reach;
            register_module("hidden", hidden);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var first = reach(held) is Func<Tensor, Tensor> function
                ? function(input)
                : ((nn.Module<Tensor, Tensor>)reach(held)).call(input);
            return head.call(first.relu()).MoveToOuterDisposeScope();
        }
    }

    private sealed class Closure : nn.Module<Tensor, Tensor>
    {
        private readonly Func<Tensor, Tensor> run;

        public Closure()
            : base(nameof(Closure))
        {
            nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
            nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);
            register_module("hidden", hidden);
            register_module("head", head);
            run = input => head.call(hidden.call(input).relu());
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return run(input).MoveToOuterDisposeScope();
        }
    }

    private sealed class Alias : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(16, 16);
        private readonly nn.Module<Tensor, Tensor> same;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public Alias()
            : base(nameof(Alias))
        {
            same = hidden;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return head.call(same.call(hidden.call(input).relu()).relu()).MoveToOuterDisposeScope();
        }
    }

    private sealed class Generic<TLayer> : nn.Module<Tensor, Tensor>
        where TLayer : nn.Module<Tensor, Tensor>
    {
        private readonly TLayer hidden;
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(16, 4);

        public Generic(TLayer layer)
            : base("Generic")
        {
            hidden = layer;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            return head.call(hidden.call(input).relu()).MoveToOuterDisposeScope();
        }
    }
}
