// Measures collapse in a model that is not changed: online in every epoch, exactly at its end; for TensorBoard and as an HTML page.
using System.CommandLine;
using System.Text;
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;

var epochs = OptionFactory.Count("--epochs", "Epochs to train", smallest: 1, defaultValue: 10);
var @out = OptionFactory.Text("--out", "Folder for collapse.html and the TensorBoard files", "a folder", "out/Monitoring");
var program = new RootCommand("Trains a network and measures how far each of its layers collapses.") { epochs, @out };
program.SetAction(options => Train(options.GetValue(epochs), OutputFolder.Create(options.GetRequiredValue(@out))));
return SampleHost.Run(program, args, Console.Out, Console.Error);

static int Train(int epochs, OutputFolder folder)
{
    manual_seed(1);
    using var order = new Generator(1);
    var (train, test) = TensorSet.Standardize(FashionMnist.Load(FashionMnist.Embedded), CPU);
    using var model = new Mlp(Width: 256, HiddenLayers: 5).Create(inputs: 784, classes: 10);
    using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);
    var tensorBoard = utils.tensorboard.SummaryWriter(Path.Combine(folder.Path, "tensorboard"), createRunName: false);

    using var monitor = new NccMonitor(model, new NccMonitorOptions { Metrics = CollapseMetricSet.All });
    var exact = new List<CollapseReport>();
    for (var epoch = 1; epoch <= epochs; epoch++)
    {
        model.train();
        foreach (var (x, y) in train.Batches(128, order))
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(x), y).backward();
            optimizer.step();
            monitor.Observe(y);
        }

        var online = monitor.EndEpoch();                        // no forward of its own: scored against the centers of the epoch before
        exact.Add(monitor.Evaluate([(test.Inputs, test.Labels)])); // two passes in eval mode: of the network as it is
        online.WriteTo(tensorBoard, epoch, prefix: "online");
        exact[^1].WriteTo(tensorBoard, epoch, prefix: "test");
        folder.Write("collapse.html", Encoding.UTF8.GetBytes(CollapsePage.Write(exact)));
        Console.WriteLine($"epoch {epoch}/{epochs}, on test images:");
        Console.WriteLine(exact[^1]);
    }

    Console.WriteLine($"effective depth at an error of 0.2: {exact[^1].EffectiveDepth(0.2)?.ToString((IFormatProvider?)null) ?? "none"} of {exact[^1].Layers.Count} layers");
    Console.WriteLine($"written to {folder.Path}: collapse.html, tensorboard (tensorboard --logdir {Path.Combine(folder.Path, "tensorboard")})");
    train.Dispose();
    test.Dispose();
    return ExitCode.Success;
}
