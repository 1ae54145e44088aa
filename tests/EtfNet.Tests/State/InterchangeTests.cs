using System.Text.Json;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.PyBridge;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.State;

/// <summary>Files between this library and others that know the format: PyTorch by a reader of twenty lines, and
/// TorchSharp.PyBridge.</summary>
public sealed class InterchangeTests : IDisposable
{
    private const string Script = "interchange.py";

    private readonly TemporaryFolder _folder = new();

    [PythonFact]
    public void PyTorchWeights_FixedHereAndMaterialized_GiveThereWhatTheyGiveHere()
    {
        using var scope = NewDisposeScope();
        PythonTorch.Run(Script, "make", _folder.File("weights"), _folder.File("data"));
        var data = SafetensorsReader.Read(_folder.File("data"));
        var inputs = data.Tensors["inputs"].Hold().ToTensor();
        using var model = Model();
        model.LoadSafetensors(_folder.File("weights"));
        model.eval();
        Sample.Max(model.call(inputs) - data.Tensors["outputs"].Hold().ToTensor()).Should().BeLessThan(1e-6, "the weights are PyTorch's");

        model.ApplyEtf(EtfFrame.Nearest, "fc2");
        model.ApplyEtf(EtfFrame.Random(5), "head");
        var here = model.call(inputs);
        model.SaveSafetensors(_folder.File("fixed"));
        using var fresh = Model();
        fresh.LoadSafetensors(_folder.File("fixed"));
        fresh.eval();
        Sample.Max(fresh.call(inputs) - here).Should().Be(0);

        fresh.MaterializeEtf();
        fresh.SaveSafetensors(_folder.File("dense"));
        PythonTorch.Run(Script, "run", _folder.File("dense"), _folder.File("data"), _folder.File("there"));
        var there = SafetensorsReader.Read(_folder.File("there")).Tensors["outputs"].Hold().ToTensor();
        Sample.Max(here - there).Should().BeLessThan(1e-6);
        Sample.Max(here - data.Tensors["outputs"].Hold().ToTensor()).Should().BeGreaterThan(1e-3, "fixing the layers changed something");
    }

    [PythonFact]
    public void EveryKindOfFile_ReadByPyTorch_HasTheSameTensorsAndTexts()
    {
        using var scope = NewDisposeScope();
        var statistics = new ClassStatistics(3);
        statistics.Add(Sample.Normal(1, 6, 3), tensor(new long[] { 0, 2, 2, 0, 2, 0 }));
        statistics.Save(_folder.File("statistics"));
        RandomFrames.Of(EtfFrameKind.Aligned, 9, 7, 1).Save(_folder.File("frame"));
        using var model = Shapes.Make("Tied");
        model.ApplyEtf(EtfFrame.Nearest, "0");
        model.SaveSafetensors(_folder.File("model"));
        using var optimizer = optim.Adam(model.parameters());
        EtfCheckpoint.Save(_folder.File("checkpoint"), model, optimizer);
        using var toy = Declared.ToyState.Example();
        SafetensorsWriter.Write(_folder.File("toy"), DeclaredState.Capture(toy, "toy"));
        var types = new StateSet("types");
        foreach (var dtype in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64,
            ScalarType.Int32, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool })
            types.Add(dtype.ToString(), new LiveTensor(tensor(new[] { 0f, 1, 3 }).reshape(1, 3).to(dtype)));
        types.Add("scalar", new LiveTensor(tensor(4f)));
        types.Add("empty", new LiveTensor(zeros(0, 5)));
        SafetensorsWriter.Write(_folder.File("types"), types);

        var names = new[] { "statistics", "frame", "model", "toy", "types", "checkpoint" };
        using var all = JsonDocument.Parse(PythonTorch.Run(Script, ["show", .. names.Select(_folder.File)]));
        foreach (var (name, shown) in names.Zip(all.RootElement.EnumerateArray()))
        {
            var here = SafetensorsReader.Read(_folder.File(name));
            shown.GetProperty("agrees").GetBoolean().Should().BeTrue("of the checksum of {0}", name);
            foreach (var (text, value) in here.Texts)
                shown.GetProperty("texts").GetProperty(text).GetString().Should().Be(value);
            foreach (var (tensorName, tensor) in here.Tensors)
            {
                var there = shown.GetProperty("tensors").GetProperty(tensorName);
                there[1].EnumerateArray().Select(size => size.GetInt64()).Should().Equal(tensor.Shape);
                there[2].GetDouble().Should()
                    .BeApproximately(tensor.Hold().ToTensor().to(ScalarType.Float64).sum().item<double>(), 1e-9, "of {0}", tensorName);
            }
        }

        all.RootElement[2].GetProperty("tensors").GetProperty("2.matrix")[1].GetRawText()
            .Should().Be("[16, 16]", "the layer stands twice in the model");
    }

    [Fact]
    public void PyBridge_ReadsWhatThisLibraryWrites_AndTheOtherWayRound()
    {
        using var one = Model();
        using var two = Model();
        one.SaveSafetensors(_folder.File("ours"));
        two.load_safetensors(_folder.File("ours"));
        ModelBytes.Of(two).Should().Equal(ModelBytes.Of(one));

        one.ApplyEtf(EtfFrame.Nearest, "fc2");
        one.MaterializeEtf();
        one.SaveSafetensors(_folder.File("dense"));
        two.load_safetensors(_folder.File("dense"));
        ModelBytes.Of(two).Should().Equal(ModelBytes.Of(one));

        two.save_safetensors(_folder.File("theirs"));
        using var three = Model();
        three.LoadSafetensors(_folder.File("theirs"));
        ModelBytes.Of(three).Should().Equal(ModelBytes.Of(one));
        SafetensorsReader.Read(_folder.File("theirs")).Kind.Should().BeNull();
    }

    [Fact]
    public void PyBridge_ReadsTheFileOfAFixedModel()
    {
        using var one = Model();
        using var two = Model();
        one.ApplyEtf(EtfFrame.Random(4), "fc2");
        two.ApplyEtf(EtfFrame.Random(4), "fc2");
        one.SaveSafetensors(_folder.File("fixed"));
        two.load_safetensors(_folder.File("fixed"));
        ModelBytes.Of(two).Should().Equal(ModelBytes.Of(one));
    }

    public void Dispose() => _folder.Dispose();

    private static nn.Module<Tensor, Tensor> Model() => nn.Sequential(
        ("fc1", nn.Linear(16, 16)), ("norm", nn.BatchNorm1d(16)), ("act1", nn.ReLU()), ("fc2", nn.Linear(16, 16)), ("act2", nn.ReLU()),
            ("head", nn.Linear(16, 4)));
}
