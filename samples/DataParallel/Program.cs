// One training on several processes: each rank sees its share of every batch, and rank 0 decides for all.
//   mpirun -np 2 dotnet run -c Release --no-build --project samples/DataParallel
// --one-process trains on the whole batches instead, to compare with.
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

var options = SampleProgram.Options(
    args, new { Epochs = 6, Batch = 128, Seed = 1, BatchNorm = false, Float64 = false, OneProcess = false });
using var ranks = options.OneProcess ? null : MpiCollective.Start();       // the processes that mpirun started
var (rank, size) = (ranks?.Rank ?? 0, ranks?.Size ?? 1);
set_num_threads(Math.Max(1, Environment.ProcessorCount / size));
set_default_dtype(options.Float64 ? float64 : float32);                      // in float64, ranks and one process train the same network
manual_seed(options.Seed);
using var data = DataSet.Load("embedded");
using var model = Sequential(
    ("flatten", Flatten()),
    ("fc1", Linear(784, 256)), ("norm1", Norm()), ("relu1", ReLU()),
    ("fc2", Linear(256, 256)), ("norm2", Norm()), ("relu2", ReLU()),
    ("fc3", Linear(256, 256)), ("norm3", Norm()), ("relu3", ReLU()),
    ("head", Linear(256, 10)));
using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);
// Batch norms see all ranks' shares of a batch.
using var whole = ranks is null ? null : model.SynchronizeBatchNorm(ranks, weightedBySamples: true);
using var etf = model.ApplyAdaptiveEtf(new AdaptiveEtfOptions { Epsilon = 0.2, Collective = ranks }, optimizer);

for (var epoch = 1; epoch <= options.Epochs; epoch++)
{
    var bytes = 0L;
    foreach (var (x, y) in data.Train.Batches(options.Batch, seed: options.Seed * 1000 + epoch))  // the same batches on every rank
    {
        using var scope = NewDisposeScope();
        var (first, end) = (rank * y.shape[0] / size, (rank + 1) * y.shape[0] / size);
        var (inputs, labels) = (x[TensorIndex.Slice(first, end)], y[TensorIndex.Slice(first, end)]);
        optimizer.zero_grad();
        functional.cross_entropy(model.call(inputs), labels).backward();
        if (ranks is not null)
            bytes = etf.ReduceGradients(weight: end - first).Bytes;         // what is still trained, averaged over the ranks
        optimizer.step();
        etf.Observe(labels);
    }

    var report = etf.EndEpoch();                                            // all ranks: the same decision, the same bits
    if (rank == 0)
        Console.WriteLine($"{report}{Environment.NewLine}  {bytes:N0} bytes of gradients per step");
}

if (rank == 0)
    Console.WriteLine($"test accuracy of {size} rank(s) {data.Test.AccuracyOf(model):0.0%}");

Module<Tensor, Tensor> Norm() => options.BatchNorm ? BatchNorm1d(256) : Identity();
