using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Loops;

/// <summary>A model of random shape for random loops, which can say what its layers give without any of its modules being called.</summary>
internal sealed class LoopModel : nn.Module<Tensor, object>
{
    public const int Width = 6;

    private readonly nn.Module<Tensor, Tensor> first = nn.Linear(Width, 8);
    private readonly nn.Module<Tensor, Tensor> second = nn.Linear(8, 8);
    private readonly nn.Module<Tensor, Tensor> head;
    private readonly int _result;
    private readonly int _seconds;

    public LoopModel(int classes, Random random)
        : base(nameof(LoopModel))
    {
        head = nn.Linear(8, classes);
        (_result, _seconds) = (random.Next(4), random.Next(1, 3));
        RegisterComponents();
    }

    public bool Throws { get; set; }

    public nn.Module<Tensor, Tensor> Head => head;

    /// <summary>The layers' outputs, in the order of their calls.</summary>
    public IReadOnlyList<(string Layer, Tensor Output)> Outputs(Tensor input)
    {
        using var noGrad = no_grad();
        var outputs = new List<(string, Tensor)> { ("first", first.forward(input)) };
        for (var i = 0; i < _seconds; i++)
            outputs.Add(("second", second.forward(outputs[^1].Item2.relu())));
        outputs.Add(("head", head.forward(outputs[^1].Item2.relu())));
        return outputs;
    }

    public override object forward(Tensor input)
    {
        var hidden = first.call(input).relu();
        for (var i = 0; i < _seconds; i++)
            hidden = second.call(hidden).relu();
        if (Throws)
            throw new NotSupportedException();
        var scores = head.call(hidden);
        return _result switch
        {
            0 => scores,
            1 => (hidden, scores),
            2 => new Dictionary<string, Tensor> { ["hidden"] = hidden, ["scores"] = scores },
            _ => new List<Tensor> { scores },
        };
    }
}
