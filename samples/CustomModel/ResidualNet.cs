using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>A network of one's own: residual blocks in a list, layers in fields, a branch that only training uses.</summary>
internal sealed class ResidualNet : nn.Module<Tensor, Tensor>
{
    // Any field of this type can hold the fixed layer: it is replaced, and its weight is freed.
    [ComponentName(Name = "stem")]
    private readonly nn.Module<Tensor, Tensor> _stem;

    [ComponentName(Name = "blocks")]
    private readonly ModuleList<nn.Module<Tensor, Tensor>> _blocks;

    // A field typed Linear can hold nothing else: this layer is fixed in place, and its weight stays in memory.
    [ComponentName(Name = "neck")]
    private readonly Linear _neck;

    [ComponentName(Name = "head")]
    private readonly nn.Module<Tensor, Tensor> _head;

    public ResidualNet(int inputs, int width, int blocks, int classes)
        : base(nameof(ResidualNet))
    {
        _stem = nn.Linear(inputs, width);
        _blocks = nn.ModuleList([.. Enumerable.Range(0, blocks).Select(_ => (nn.Module<Tensor, Tensor>)new ResidualBlock(width))]);
        _neck = nn.Linear(width, width);
        _head = nn.Linear(width, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        // call, not forward: hooks, and with them all measuring, see calls only.
        var x = nn.functional.relu(_stem.call(input));
        foreach (var block in _blocks)
            x = block.call(x);
        return _head.call(nn.functional.relu(_neck.call(x))).MoveToOuterDisposeScope();
    }
}
