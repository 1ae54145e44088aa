// A training loop of one's own, on real images. The lines of EtfNet are the three that are marked.
using System.CommandLine;
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

var epochs = OptionFactory.Count("--epochs", "Epochs to train", smallest: 1, defaultValue: 8);
var program = new RootCommand("Trains a small network on Fashion-MNIST in a loop of its own; EtfNet fixes the layers that collapse.") { epochs };
program.SetAction(options => Train(options.GetValue(epochs)));
return SampleHost.Run(program, args, Console.Out, Console.Error);

static int Train(int epochs)
{
    manual_seed(1);
    using var order = new Generator(1);
    var (train, test) = TensorSet.Standardize(FashionMnist.Load(FashionMnist.Embedded), CPU);
    using (train)
    using (test)
    {
        using var model = Sequential(
            ("fc1", Linear(784, 256)), ("norm1", BatchNorm1d(256)), ("relu1", ReLU()),
            ("fc2", Linear(256, 256)), ("norm2", BatchNorm1d(256)), ("relu2", ReLU()),
            ("fc3", Linear(256, 256)), ("norm3", BatchNorm1d(256)), ("relu3", ReLU()),
            ("fc4", Linear(256, 256)), ("norm4", BatchNorm1d(256)), ("relu4", ReLU()),
            ("head", Linear(256, 10)));
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);

        using var etf = model.ApplyAdaptiveEtf(epsilon: 0.2, optimizer);             // EtfNet: watch the layers
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            foreach (var (x, y) in train.Batches(128, order))
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                var loss = functional.cross_entropy(model.call(x), y);
                loss.backward();
                optimizer.step();
                etf.Observe(y);                                                      // EtfNet: the labels of this batch
            }

            Console.WriteLine(etf.EndEpoch());                                       // EtfNet: fix what has collapsed
        }

        Console.WriteLine($"test accuracy {Accuracy.Measure(model, test):0.0%}");
        Console.WriteLine(model.MeasureFootprint(optimizer));
        return ExitCode.Success;
    }
}
