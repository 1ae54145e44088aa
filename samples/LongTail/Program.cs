// Long-tailed classes (a hundred images of the first for one of the last): a simplex ETF head with dot-regression against cross entropy.
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

const int Classes = 10;
const double Ratio = 100;

var options = SampleProgram.Options(args, new { Epochs = 40, Seeds = 3 });
using var data = DataSet.Load("embedded");
var counts = Enumerable.Range(0, Classes).Select(c => (long)Math.Round(1000 * Math.Pow(Ratio, -c / (Classes - 1.0)))).ToArray();
Tensor kept;
using (NewDisposeScope())
    kept = cat([.. counts.Select((count, c) => data.Train.Labels.eq(c).nonzero().view(-1).narrow(0, 0, count))]).MoveToOuterDisposeScope();
using var train = data.Train.At(kept);
Console.WriteLine($"{train.Count} training images: {string.Join(", ", counts)} of each class; {data.Test.Count} test images, balanced");

// The same weights for both: one per class, so that all classes count equally.
var balanced = ClassLengths.Of(counts, power: 1);
using var weights = tensor(balanced, ScalarType.Float32);
var methods = new (string Name, double LearningRate, Func<Module<Tensor, Tensor>> Head, Func<Module<Tensor, Tensor, Tensor>> Loss)[]
{
    ("cross entropy", 0.02, () => Linear(64, Classes), () => CrossEntropyLoss()),
    ("cross entropy, weighted", 0.02, () => Linear(64, Classes), () => CrossEntropyLoss(weight: weights)),
    ("ETF head, dot-regression", 0.5, () => new EtfHead(64, Classes), () => new DotRegressionLoss()),
    ("ETF head, dot-regression, lengths", 0.5, () => new EtfHead(64, Classes), () => new DotRegressionLoss(classLengths: balanced)),
};
foreach (var (name, rate, head, loss) in methods)
{
    var found = Enumerable.Range(0, options.Seeds).Select(seed => Train(seed, rate, head, loss())).ToArray();
    var each = string.Join(" ", found.Select(value => $"{value:0.0%}"));
    Console.WriteLine($"{name,-34} balanced accuracy {each}  mean {found.Average():0.0%}");
}

double Train(int seed, double rate, Func<Module<Tensor, Tensor>> head, Module<Tensor, Tensor, Tensor> loss)
{
    manual_seed(seed);
    using var model = Sequential(
        ("flatten", Flatten()),
        ("fc1", Linear(784, 256)), ("norm1", BatchNorm1d(256)), ("relu1", ReLU()),
        ("fc2", Linear(256, 256)), ("norm2", BatchNorm1d(256)), ("relu2", ReLU()),
        ("fc3", Linear(256, 64)), ("norm3", BatchNorm1d(64)),
        ("head", head()));
    using var optimizer = optim.SGD(model.parameters(), rate, momentum: 0.9, weight_decay: 5e-4);
    var schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, options.Epochs);
    for (var epoch = 1; epoch <= options.Epochs; epoch++)
    {
        foreach (var (x, y) in train.Batches(64, seed: (1000 * seed) + epoch))
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            loss.call(model.call(x), y).backward();
            optimizer.step();
        }

        schedule.step();
    }

    // The test set has the same number of images per class, so its accuracy is the balanced accuracy.
    return data.Test.AccuracyOf(model);
}
