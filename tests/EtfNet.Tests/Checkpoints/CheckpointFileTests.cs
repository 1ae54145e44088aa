using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Checkpoints;

/// <summary>Checkpoints as files and streams.</summary>
public sealed class CheckpointFileTests : IDisposable
{
    private static readonly AdaptiveEtfOptions Options = ResumedRun.Options with { WarmupEpochs = 2 };

    private readonly TemporaryFolder _folder = new();
    private readonly Blobs _data = new(noise: 0.8);

    /// <summary>What other programs see: tensors under their names, the plan as the same document that EtfPlan writes.</summary>
    [Fact]
    public void Save_IsASafetensorsFileWithThePlanInItsMetadata()
    {
        using var model = Trained(out var path);
        var state = SafetensorsReader.Read(path);
        state.Kind.Should().Be("checkpoint");
        state.Texts["etfnet.plan"].Should().Be(EtfPlan.Of(model).ToJson());
        state.Texts["optimizer.0.type"].Should().Be("Adam");
        state.Texts["scheduler.epoch"].Should().NotBe("0");
        state.Texts.Should().ContainKey("scheduler.monitor.layers.2.scores.scored");
        foreach (var (name, tensor) in model.state_dict())
            state.Tensors["model." + name].Hold().HasSameBytes(new LiveTensor(tensor).Hold()).Should().BeTrue(name);
        foreach (var (name, parameter) in model.named_parameters())
            state.Tensors[$"optimizer.0.state.{name}.exp_avg"].Shape.Should().Equal(parameter.shape);
    }

    [Fact]
    public void SaveAndLoad_Streams_ReadAndWriteTheSameAsFiles()
    {
        using var first = new ResumedRun("ModuleField", "Adam");
        first.Train(1, 5);
        using var stream = new MemoryStream();
        EtfCheckpoint.Save(new ForwardOnlyStream(stream), first.Etf);
        EtfCheckpoint.Save(_folder.File("file.etf"), first.Etf);
        stream.ToArray().Should().Equal(File.ReadAllBytes(_folder.File("file.etf")));

        stream.Write([1, 2, 3]);
        stream.Position = 0;
        using var resumed = new ResumedRun("ModuleField", "Adam");
        EtfCheckpoint.Load(stream, resumed.Etf);
        stream.Position.Should().Be(stream.Length - 3, "what follows belongs to others");
        resumed.Weights.Should().Equal(first.Weights);
        resumed.Etf.Report.FixedLayers.Should().Equal(first.Etf.Report.FixedLayers);

        using var model = Shapes.Make("Sequential");
        using var alone = new MemoryStream();
        EtfCheckpoint.Save(alone, model);
        alone.Position = 0;
        using var fresh = Shapes.Make("Sequential");
        EtfCheckpoint.Load(alone, fresh);
        Outputs(fresh).Should().Equal(Outputs(model));
    }

    [Fact]
    public void Load_StateFromBeforeEndEpoch_EpochCanEnd()
    {
        using var scope = NewDisposeScope();
        using var data = new Blobs();
        var errors = new List<IEnumerable<double?>>();
        using var stream = new MemoryStream();
        foreach (var loads in new[] { false, true })
        {
            using var model = Shapes.Make("Sequential");
            using var optimizer = optim.SGD(model.parameters(), 0.05);
            using var etf = model.ApplyAdaptiveEtf(0.01, optimizer);
            if (loads)
            {
                stream.Position = 0;
                EtfCheckpoint.Load(stream, etf);
            }
            else
            {
                TrainingLoop.Epoch(model, optimizer, data, etf);
                etf.EndEpoch();
                TrainingLoop.Epoch(model, optimizer, data, etf);
                EtfCheckpoint.Save(stream, etf);
            }

            errors.Add(etf.EndEpoch().Layers.Select(layer => layer.NccError));
        }

        errors[1].Should().Equal(errors[0]).And.NotContainNulls();
    }

    [Fact]
    public void Load_FileOfAnotherKind_SaysWhatLoadsIt()
    {
        using var model = Trained(out var path);
        using var fresh = Shapes.Make("Sequential");
        model.SaveSafetensors(_folder.File("model"));
        ((Action)(() => EtfCheckpoint.Load(_folder.File("model"), fresh))).Should().Throw<EtfStateException>()
            .WithMessage("*holds a model, not a checkpoint*LoadSafetensors*");
        ((Action)(() => fresh.LoadSafetensors(path))).Should().Throw<EtfStateException>().WithMessage("*checkpoint*EtfCheckpoint.Load*");
        EtfCheckpoint.Save(_folder.File("alone"), fresh);
        using var etf = fresh.ApplyAdaptiveEtf(Options);
        ((Action)(() => EtfCheckpoint.Load(_folder.File("alone"), etf))).Should().Throw<EtfStateException>()
            .WithMessage("*without a scheduler*EtfCheckpoint.Load(path, model, optimizers)*");
    }

    [Fact]
    public void Load_NewerVersion_SaysSo()
    {
        using var model = Trained(out var path);
        File.WriteAllBytes(path, SafetensorsBytes.Changed(File.ReadAllBytes(path), header =>
            header.Replace("\"etfnet.version\":\"1\"", "\"etfnet.version\":\"9\"", StringComparison.Ordinal)));
        ((Action)(() => EtfCheckpoint.Load(path, model))).Should().Throw<EtfStateException>().WithMessage("*version 9*version 1*Update*");
    }

    [Fact]
    public void Load_AnyBitFlippedOrCutAnywhere_ThrowsAndChangesNothing()
    {
        using var model = Trained(out var path);
        var bytes = File.ReadAllBytes(path);
        var random = new Random(5);
        using var fresh = Shapes.Make("Sequential");
        var before = Outputs(fresh);
        var bad = _folder.File("bad.etf");
        for (var trial = 0; trial < 60; trial++)
        {
            var damaged = (byte[])bytes.Clone();
            if (trial % 2 == 0)
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            else
                damaged = damaged[..random.Next(damaged.Length)];
            File.WriteAllBytes(bad, damaged);
            var act = () => EtfCheckpoint.Load(bad, fresh);
            act.Should().Throw<EtfStateException>().Which.FileName.Should().Be(bad);
        }

        Outputs(fresh).Should().Equal(before);
        EtfPlan.Of(fresh).LayerNames.Should().BeEmpty();
    }

    [Fact]
    public void Save_UnwritableFolder_ThrowsIOExceptionAndKeepsTheOldFile()
    {
        using var model = Trained(out var path);
        var before = File.ReadAllBytes(path);
        var act = () => EtfCheckpoint.Save(_folder.File("no/such/folder.etf"), model);
        act.Should().Throw<IOException>();
        File.ReadAllBytes(path).Should().Equal(before);
        Directory.GetFiles(_folder.Path).Should().Equal(path);
    }

    public void Dispose()
    {
        _data.Dispose();
        _folder.Dispose();
    }

    private nn.Module<Tensor, Tensor> Trained(out string path)
    {
        path = _folder.File("trained.etf");
        var model = Shapes.Make("Sequential");
        using var optimizer = optim.Adam(model.parameters(), 0.005);
        using var etf = model.ApplyAdaptiveEtf(Options, optimizer);
        TrainingLoop.UntilFixed(model, optimizer, _data, etf, "0");
        EtfCheckpoint.Save(path, etf);
        return model;
    }

    private float[] Outputs(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        model.eval();
        return model.call(_data.Inputs).data<float>().ToArray();
    }
}
