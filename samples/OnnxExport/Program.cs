// Trains a Sequential network with EtfNet, writes it as an ONNX file, and compares the outputs of ONNX Runtime with TorchSharp's.
using EtfNet;
using EtfNet.Samples;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

const double Tolerance = 1e-5;
var options = SampleProgram.Options(args, new { Epochs = 3, Epsilon = 0.4, Out = "out/OnnxExport" });
var folder = new OutputFolder(options.Out);
manual_seed(1);
using var data = DataSet.Load("embedded");
using var model = Sequential(
    ("stem", Sequential(
        ("conv", Conv2d(1, 16, 3, stride: 2, bias: false)), ("norm", BatchNorm2d(16)), ("relu", ReLU()), ("pool", MaxPool2d(2)))),
    ("conv", Conv2d(16, 16, 3, padding: 1)), ("norm", BatchNorm2d(16)), ("relu", ReLU()), ("pool", AvgPool2d([2, 2])),
    ("flatten", Flatten()),
    ("fc1", Linear(144, 128)), ("act1", GELU()), ("drop", Dropout(0.1)),
    ("fc2", Linear(128, 128)), ("act2", ReLU()),
    ("head", Linear(128, 10)));
model.ApplyEtf(EtfFrame.Random(seed: 1), "conv");         // one layer is fixed from the start, others once they have collapsed
using var optimizer = optim.Adam(model.parameters(), 0.002);
using (var etf = model.ApplyAdaptiveEtf(options.Epsilon, optimizer))
{
    for (var epoch = 1; epoch <= options.Epochs; epoch++)
    {
        foreach (var (x, y) in data.Train.Batches(128, seed: epoch))
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            functional.cross_entropy(model.call(x), y).backward();
            optimizer.step();
            etf.Observe(y);
        }

        Console.WriteLine($"epoch {epoch}: {etf.EndEpoch().FixedLayers.Count} layers fixed");
    }
}

// ONNX has only plain layers; they give the same outputs as the fixed ones.
var plain = model.MaterializeEtf();
model.eval();
using (var file = File.Create(folder.File("model.onnx")))
    OnnxFile.Of(model, data.Test.Inputs.shape[1..]).WriteTo(file);

using var noGrad = no_grad();
using var session = new InferenceSession(folder.File("model.onnx"));
var inputs = new DenseTensor<float>(data.Test.Inputs.data<float>().ToArray(), [.. data.Test.Inputs.shape.Select(size => (int)size)]);
using var results = session.Run([NamedOnnxValue.CreateFromTensor(OnnxFile.Input, inputs)]);
using var here = model.call(data.Test.Inputs);
using var there = tensor(results[0].AsTensor<float>().ToArray()).reshape(here.shape);
var difference = ((there - here).abs().max() / here.abs().max()).item<float>();

Console.WriteLine($"made plain again: {string.Join(", ", plain)}; test accuracy {data.Test.AccuracyOf(model):0.0%}");
Console.WriteLine($"{folder.File("model.onnx")} in ONNX Runtime: outputs differ by {difference:0.0e+0} of the largest");
if (plain.Count == 0 || !(difference < Tolerance))
    throw new SampleException($"Wanted a fixed layer, and outputs that agree to {Tolerance}.");
