// A table of your own: CSV in; Table 1 (accuracy, parameters, bytes, with and without EtfNet) and Figure 1 (NCC error per layer) out.
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;

var options = SampleProgram.Options(
    args, new { Data = "", Label = "", Epochs = 15, Epsilon = 0.2, Width = 128, Layers = 5, Seed = 1, Out = "out/OwnTable" });
var rule = new AdaptiveEtfOptions { Epsilon = options.Epsilon };
var folder = new OutputFolder(options.Out);
var table = options.Data;
if (table.Length == 0)
    table = CsvTable.WriteExample(folder, "example.csv");    // small gray images, a column per square and the name of the class
using var data = DataSet.Load(new DataOptions { Data = table, Label = options.Label.Length == 0 ? null : options.Label });
Console.WriteLine($"{data}; {data.Train.Inputs.shape[1]} columns");

var (with, without) = (Train(useEtf: true), Train(useEtf: false));
var table1 = Tables.Markdown(["Table 1", "without EtfNet", "with EtfNet"],
    Row("train accuracy", run => $"{run.TrainAccuracy:0.00%}"), Row("test accuracy", run => $"{run.TestAccuracy:0.00%}"),
    Row("layers fixed", run => $"{run.Fixed} of {run.Errors[0].Length}"),
    Row("trainable parameters", run => $"{run.Size.TrainableParameters:N0}"), Row("weight bytes", run => $"{run.Size.WeightBytes:N0}"),
    Row("gradient bytes", run => $"{run.Size.GradientBytes:N0}"), Row("optimizer bytes", run => $"{run.Size.OptimizerBytes:N0}"));
var figure1 = Tables.Markdown(["Figure 1: NCC error", .. Enumerable.Range(1, options.Epochs).Select(epoch => $"{epoch}")],
    with.Errors[0].Select((one, i) => with.Errors.Select(epoch => epoch[i].Error?.ToString("0.000") ?? "-").Prepend(one.Name).ToList()));
Console.WriteLine($"\n{table1}\n{figure1}");
folder.Write("table1.md", $"{table1}\n{figure1}");
folder.Write("figure1.png", Chart.Png(Curves("without EtfNet", without), Curves("with EtfNet", with)));
Console.WriteLine($"written to {folder.Path}: table1.md, figure1.png");

string[] Row(string name, Func<Result, string> value) => [name, value(without), value(with)];

Result Train(bool useEtf)
{
    manual_seed(options.Seed);
    using var model = Network.Mlp(data.Train.Inputs.shape[1], options.Width, options.Layers, data.Classes.Count);
    using var optimizer = optim.AdamW(model.parameters(), lr: 1e-3);
    using var etf = useEtf ? model.ApplyAdaptiveEtf(rule, optimizer) : null;
    using var monitor = useEtf ? null : new NccMonitor(model);
    var (errors, fixedLayers) = (new List<(string Name, double? Error)[]>(), 0);
    for (var epoch = 1; epoch <= options.Epochs; epoch++)
    {
        model.train();
        foreach (var (x, y) in data.Train.Batches(64, seed: epoch))
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(x), y).backward();
            optimizer.step();
            etf?.Observe(y);
            monitor?.Observe(y);
        }

        errors.Add(etf is null ? [.. monitor!.EndEpoch().Layers.Select(layer => (layer.Name, layer.NccError))]
            : [.. etf.EndEpoch().Layers.Select(layer => (layer.Name, layer.NccError))]);
        fixedLayers = etf?.Report.FixedLayers.Count ?? 0;
        Console.WriteLine($"epoch {epoch}: test accuracy {data.Test.AccuracyOf(model):0.0%}, {fixedLayers} layers fixed");
    }

    return new Result(data.Train.AccuracyOf(model), data.Test.AccuracyOf(model), fixedLayers, model.MeasureFootprint(optimizer), errors);
}

Chart Curves(string title, Result run)
{
    var chart = new Chart($"NCC error per layer, {title}", "epoch", "NCC error").Level(options.Epsilon);
    foreach (var (i, (layer, _)) in run.Errors[0].Index())
        chart.Line(layer, run.Errors.Select(epoch => epoch[i].Error));
    return chart;
}

internal sealed record Result(
    double TrainAccuracy, double TestAccuracy, int Fixed, ModelFootprint Size, List<(string Name, double? Error)[]> Errors);
