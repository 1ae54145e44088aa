// Measures collapse in a model that is not changed: online in every epoch, exactly at its end; for TensorBoard, as CSV and as pictures.
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;

var options = SampleProgram.Options(args, new { Epochs = 10, Out = "out/Monitoring" });
var folder = new OutputFolder(options.Out);
manual_seed(1);
using var data = DataSet.Load("embedded");
using var model = Network.Mlp(inputs: 784, width: 256, hiddenLayers: 5, classes: 10);
using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);
var tensorBoard = utils.tensorboard.SummaryWriter(folder.File("tensorboard"), createRunName: false);

using var monitor = new NccMonitor(model, new NccMonitorOptions { Metrics = CollapseMetricSet.All });
var reports = new List<CollapseReport>();
for (var epoch = 1; epoch <= options.Epochs; epoch++)
{
    model.train();
    foreach (var (x, y) in data.Train.Batches(128, seed: epoch))
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        nn.functional.cross_entropy(model.call(x), y).backward();
        optimizer.step();
        monitor.Observe(y);
    }

    var online = monitor.EndEpoch();                                        // no forwards of its own: scored while the network trained
    reports.Add(monitor.Evaluate([(data.Test.Inputs, data.Test.Labels)]));  // two passes in evaluation mode: of the network as it is
    online.WriteTo(tensorBoard, epoch, prefix: "online");
    reports[^1].WriteTo(tensorBoard, epoch, prefix: "test");
    Console.WriteLine($"epoch {epoch}/{options.Epochs}, on test images:");
    Console.WriteLine(reports[^1]);
}

var depth = reports[^1].EffectiveDepth(0.2);
Console.WriteLine($"effective depth at an error of 0.2: {depth?.ToString() ?? "none"} of {reports[^1].Layers.Count} layers");
folder.Write("collapse.csv", reports[^1].ToCsv());
folder.Write("collapse.png", Chart.Png(
    Curves("NCC error", layer => layer.NccError), Curves("NC1", layer => layer.Nc1), Curves("CDNV", layer => layer.Cdnv),
    Curves("Equinorm", layer => layer.Equinorm), Curves("Equiangularity", layer => layer.Equiangularity)));
Console.WriteLine($"written to {folder.Path}: collapse.csv, collapse.png, tensorboard (tensorboard --logdir {folder.File("tensorboard")})");

// One line per layer over the epochs.
Chart Curves(string metric, Func<LayerCollapse, double?> value)
{
    var chart = new Chart(metric, "epoch", metric);
    foreach (var layer in reports[0].Layers)
        chart.Line(layer.Name, reports.Select(report => value(report[layer.Name])));
    return chart;
}
