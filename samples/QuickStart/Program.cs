// A training loop with the three lines of EtfNet. Real images, a plain Sequential, any optimizer.
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

var options = SampleProgram.Options(args, new { Epochs = 8 });
manual_seed(1);
using var data = DataSet.Load("embedded");
using var model = Sequential(
    ("flatten", Flatten()),
    ("fc1", Linear(784, 256)), ("norm1", BatchNorm1d(256)), ("relu1", ReLU()),
    ("fc2", Linear(256, 256)), ("norm2", BatchNorm1d(256)), ("relu2", ReLU()),
    ("fc3", Linear(256, 256)), ("norm3", BatchNorm1d(256)), ("relu3", ReLU()),
    ("fc4", Linear(256, 256)), ("norm4", BatchNorm1d(256)), ("relu4", ReLU()),
    ("head", Linear(256, 10)));
using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);

using var etf = model.ApplyAdaptiveEtf(epsilon: 0.2, optimizer);          // EtfNet: watch the layers
for (var epoch = 1; epoch <= options.Epochs; epoch++)
{
    foreach (var (x, y) in data.Train.Batches(128, seed: epoch))
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        functional.cross_entropy(model.call(x), y).backward();
        optimizer.step();
        etf.Observe(y);                                                   // EtfNet: the labels of this batch
    }

    Console.WriteLine(etf.EndEpoch());                                    // EtfNet: fix what has collapsed
}

Console.WriteLine($"test accuracy {data.Test.AccuracyOf(model):0.0%}");
Console.WriteLine(model.MeasureFootprint(optimizer));
