// A model class of one's own: which of its layers may be fixed, by which rule, and how to hear of it.
using System.CommandLine;
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;

var epochs = OptionFactory.Count("--epochs", "Epochs to train", smallest: 1, defaultValue: 8);
var epsilon = OptionFactory.Number("--epsilon", "NCC error at or below which a layer is fixed", "a number above 0 and below 1, as in 0.2", 0.2, value => value is > 0 and < 1);
var program = new RootCommand("Trains a residual network with layers in fields and lists; shows options, events and log messages.") { epochs, epsilon };
program.SetAction(options => Train(options.GetValue(epochs), options.GetValue(epsilon)));
return SampleHost.Run(program, args, Console.Out, Console.Error);

static int Train(int epochs, double epsilon)
{
    manual_seed(1);
    using var order = new Generator(1);
    var (train, test) = TensorSet.Standardize(FashionMnist.Load(FashionMnist.Embedded), CPU);
    using var model = new ResidualNet(inputs: 784, width: 128, blocks: 4, classes: 10);
    using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3);

    using var etf = model.ApplyAdaptiveEtf(
        new AdaptiveEtfOptions
        {
            Epsilon = epsilon,
            WarmupEpochs = 1,                                  // nothing is fixed in the first epoch
            MaxPerEpoch = 1,
            Frame = EtfFrame.Aligned(rank: 20),                // twice the classes
            ClassCount = 10,                                   // labels are checked against it
            Include = ["blocks.*", "neck", "head"],            // so not the stem
            Exclude = ["blocks.0.*"],                          // stronger than Include
            Guard = new FixGuardOptions { Tolerance = 0.05 }, // a switch that costs more is taken back
            Logger = new LineLogger(Console.Out),
        },
        optimizer);
    etf.LayerFixed += (_, e) => Console.WriteLine($"event: {e.Layer.Name} is fixed, {e.Layer.ParametersFixed:N0} weights less to train");
    etf.LayerReverted += (_, e) => Console.WriteLine($"event: {e.Layer.Name} is trained again, {e.Decision}");

    for (var epoch = 1; epoch <= epochs; epoch++)
    {
        model.train();
        foreach (var (x, y) in train.Batches(128, order))
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(x), y).backward();
            optimizer.step();
            etf.Observe(y);
        }

        var accuracy = Accuracy.Measure(model, test);          // in eval mode: such forwards do not count
        Console.WriteLine($"test accuracy {accuracy:0.0%}, {etf.EndEpoch(accuracy: accuracy)}");
    }

    foreach (var layer in etf.Report.FixedLayers.Where(layer => layer.InPlace))
        Console.WriteLine($"{layer.Name} keeps its weight in memory: {layer.InPlaceReason}");
    train.Dispose();
    test.Dispose();
    return ExitCode.Success;
}
