using System.Text.Json.Nodes;
using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Output;

public sealed class RunRecorderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EpochEnded_OneRun_WritesTheSummaryAsPromised()
    {
        var run = Recorder().Begin("adaptive");
        run.EpochEnded(Epochs.Epoch(1));
        run.EpochEnded(Epochs.Epoch(2, [Epochs.Fixed("head", 2)]));

        var expected = JsonNode.Parse("""
            {
              "data": "some data", "hardware": "some machine",
              "runs": [ {
                "name": "adaptive", "trainAccuracy": 0.52, "testAccuracy": 0.42, "trainableParameters": 100, "totalParameters": 120,
                "weightBytes": 480, "gradientBytes": 400, "optimizerBytes": 401, "secondsPerEpoch": [1, 2],
                "nccError": { "linear1": [null, 0.25], "head": [null, 0.0625] }, "effectiveDepth": 2,
                "fixedLayers": [ { "layer": "head", "epoch": 2, "frame": "aligned", "rank": 20 } ]
              } ]
            }
            """);
        var found = JsonNode.Parse(File.ReadAllText(_folder.File(RunRecorder.SummaryFile)));
        found!.ToJsonString().Should().Be(expected!.ToJsonString());
    }

    [Fact]
    public void EpochEnded_TwoRuns_WritesALineOfHistoryForEachEpoch()
    {
        var recorder = Recorder();
        recorder.Begin("baseline").EpochEnded(Epochs.Epoch(1));
        var second = recorder.Begin("adaptive");
        second.EpochEnded(Epochs.Epoch(1));
        second.EpochEnded(Epochs.Epoch(2, [Epochs.Fixed("head", 2)]));

        File.ReadAllLines(_folder.File(RunRecorder.HistoryFile)).Should().Equal(
            "run,epoch,loss,learningRate,trainAccuracy,testAccuracy,seconds,monitoringSeconds,trainableParameters,fixedLayers,nccError:linear1,nccError:head",
            "baseline,1,1,0.05,0.51,0.41,1,0.1,100,,,",
            "adaptive,1,1,0.05,0.51,0.41,1,0.1,100,,,",
            "adaptive,2,0.5,0.05,0.52,0.42,2,0.2,100,head,0.25,0.0625");
    }

    [Fact]
    public void Begin_RunWithoutEpochs_WritesNothing()
    {
        var recorder = Recorder();

        recorder.Begin("baseline");

        recorder.Runs.Should().BeEmpty();
        Directory.EnumerateFiles(_folder.Path).Should().BeEmpty();
    }

    [Fact]
    public void Pictures_OfRuns_ArePng()
    {
        var recorder = Recorder();
        recorder.Begin("baseline").EpochEnded(Epochs.Epoch(1));
        var second = recorder.Begin("adaptive");
        second.EpochEnded(Epochs.Epoch(1));
        second.EpochEnded(Epochs.Epoch(2, [Epochs.Fixed("head", 2)]));

        Pictures.Write(OutputFolder.Create(_folder.Path), recorder.Runs, epsilon: 0.1);

        foreach (var file in new[] { Pictures.NccErrorFile, Pictures.AccuracyFile })
            File.ReadAllBytes(_folder.File(file)).AsSpan(1, 3).ToArray().Should().Equal("PNG"u8.ToArray());
    }

    private RunRecorder Recorder() => new(OutputFolder.Create(_folder.Path), "some data", "some machine");
}
