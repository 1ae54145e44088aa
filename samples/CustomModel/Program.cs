// Your own model class: which of its layers may be fixed, by which rule, and how to be notified of a fix.
using EtfNet;
using EtfNet.Samples;
using Microsoft.Extensions.Logging;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

var options = SampleProgram.Options(args, new { Epochs = 8, Epsilon = 0.2 });
using var loggers = LoggerFactory.Create(log => log.AddSimpleConsole(console => console.SingleLine = true));
manual_seed(1);
using var data = DataSet.Load("embedded");
using var model = new ResidualNet(inputs: 784, width: 128, blocks: 4, classes: 10);
using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3);
var rule = new AdaptiveEtfOptions
{
    Epsilon = options.Epsilon,
    WarmupEpochs = 1,                                  // nothing is fixed in the first epoch
    MaxPerEpoch = 1,
    Frame = EtfFrame.Aligned(rank: 20),                // twice the classes
    ClassCount = 10,                                   // labels are checked against it
    Include = ["blocks.*", "neck", "head"],            // not the stem
    Exclude = ["blocks.0"],                            // takes precedence over Include
    Guard = new FixGuardOptions { Tolerance = 0.05 },  // a fix that costs more accuracy is reverted
    Logger = loggers.CreateLogger("EtfNet"),
};
using var etf = model.ApplyAdaptiveEtf(rule, optimizer);
etf.LayerFixed += (_, e) => Console.WriteLine($"event: {e.Layer.Name} is fixed, {e.Layer.ParametersFixed:N0} weights less to train");
etf.LayerReverted += (_, e) => Console.WriteLine($"event: {e.Layer.Name} is trained again, {e.Decision}");
for (var epoch = 1; epoch <= options.Epochs; epoch++)
{
    model.train();
    foreach (var (x, y) in data.Train.Batches(128, seed: epoch))
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        nn.functional.cross_entropy(model.call(x), y).backward();
        optimizer.step();
        etf.Observe(y);
    }

    var accuracy = data.Test.AccuracyOf(model);        // in evaluation mode: such forwards do not count
    Console.WriteLine($"test accuracy {accuracy:0.0%}, {etf.EndEpochWithAccuracy(accuracy)}");
}

foreach (var layer in etf.Report.FixedLayers.Where(layer => layer.InPlace))
    Console.WriteLine($"{layer.Name} keeps its weight in memory: {layer.InPlaceReason}");

internal sealed class ResidualNet : Module
{
    private readonly Module stem, head;                // a field of this type can hold the fixed layer: the weight is freed
    private readonly ModuleList<Module> blocks;
    private readonly Linear neck;                      // a field typed Linear can hold nothing else: this layer is fixed in place

    public ResidualNet(int inputs, int width, int blocks, int classes)
        : base(nameof(ResidualNet))
    {
        (stem, neck, head) = (nn.Linear(inputs, width), nn.Linear(width, width), nn.Linear(width, classes));
        this.blocks = nn.ModuleList([.. Enumerable.Range(0, blocks).Select(_ => (Module)nn.Linear(width, width))]);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = nn.functional.relu(stem.call(input.flatten(1)));    // call, not forward: EtfNet sees calls only
        foreach (var block in blocks)
            x += nn.functional.relu(block.call(x));
        return head.call(nn.functional.relu(neck.call(x))).MoveToOuterDisposeScope();
    }
}
