using System.Text;
using EtfNet.Tests.Samples.Data;
using EtfNet.Tests.State.Declared;
using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Fuzzing;

/// <summary>Makes valid inputs for every target, small ones.</summary>
internal static class CorpusFiles
{
    public static IEnumerable<(string Target, string Name, byte[] Bytes)> Make()
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        foreach (var kind in Enum.GetValues<EtfFrameKind>())
            yield return ("state", $"{kind}.safetensors".ToLowerInvariant(), Bytes(RandomFrames.Of(kind, 4, 5, seed: 3).Save));
        using var training = new TrainedModel();
        yield return ("plan", "two-layers.json", Encoding.UTF8.GetBytes(EtfPlan.Of(training.Model).ToJson()));
        yield return ("plan", "none.json", Encoding.UTF8.GetBytes(new EtfPlan([]).ToJson()));
        yield return ("plan", "cut.json", Encoding.UTF8.GetBytes(new EtfPlan([], Cuts()).ToJson()));
        yield return ("state", "training.safetensors", training.Checkpoint());
        yield return ("state", "monitor.safetensors", training.Monitor());
        yield return ("state", "three-classes.safetensors", Bytes(Statistics(tracksScatter: true).Save));
        yield return ("state", "without-scatter.safetensors", Bytes(Statistics(tracksScatter: false).Save));
        yield return ("state", "fixed-model.safetensors", Bytes(training.Model.SaveSafetensors));
        using (var plain = SavedState.Model())
            yield return ("state", "plain-model.safetensors", Bytes(plain.SaveSafetensors));
        yield return ("state", "another-program.safetensors", SafetensorsBytes.Write(OfAnotherProgram()));
        using (var toy = ToyState.Example())
            yield return ("state", "nested.safetensors", SafetensorsBytes.Write(DeclaredState.Capture(toy, ToyState.Kind)));
        // Not compressed here: Finish compresses what was damaged, so that the damage is inside.
        yield return ("idx", "plain.idx", IdxBytes.Idx([2, 3, 2], IdxBytes.Random(12, 1)));
        yield return ("idx", "images.idx.gz", IdxBytes.Gzip(IdxBytes.Idx([2, 3, 2], IdxBytes.Random(12, 1))));
        yield return ("csv", "two-classes.csv", "a,\"b, c\",kind\r\n1,-2.5,x\n3e2,4,\"y \"\"z\"\"\"\n"u8.ToArray());
        yield return ("cifar", "two-images.bin", [.. IdxBytes.Random(3073, 1, below: 10), .. IdxBytes.Random(3073, 2, below: 10)]);
        yield return ("text", "two-labels.tsv",
            Encoding.UTF8.GetBytes("en\tAll human beings are born free.\r\nfr\tTous les êtres humains naissent libres.\n"));
    }

    private static PlannedCut[] Cuts() =>
    [
        new PlannedCut("", new SequentialCut(2, "head", new HeadShape(8, 3, FeaturePooling.SpatialMean))),
        new PlannedCut("features", new SequentialCut(1, null, null)),
    ];

    private static ClassStatistics Statistics(bool tracksScatter)
    {
        var statistics = new ClassStatistics(3, tracksScatter);
        statistics.Add(Sample.Normal(1, 6, 3), tensor(new long[] { 0, 2, 2, 0, 2, 0 }));
        return statistics;
    }

    /// <summary>The same weights without anything of this library, one of them by another name.</summary>
    private static StateSet OfAnotherProgram()
    {
        using var model = SavedState.Model();
        var state = new StateSet(null);
        foreach (var (name, tensor) in model.state_dict())
            if (name == "head.bias")
                state.Add(name, "head.offset");
            else
                state.Add(name, new LiveTensor(tensor).Hold());
        state.Add("head.offset", new RowTensor<float>([3], [[1, 2, 3]]));
        return state;
    }

    private static byte[] Bytes(Action<Stream> save)
    {
        using var stream = new MemoryStream();
        save(stream);
        return stream.ToArray();
    }

    /// <summary>A model after two epochs, one layer of which is fixed by hand.</summary>
    private sealed class TrainedModel : IDisposable
    {
        private readonly OptimizerHelper _optimizer;
        private readonly AdaptiveEtfScheduler _etf;

        public TrainedModel()
        {
            (Model, _optimizer, _etf) = SavedState.Training();
            for (var epoch = 0; epoch < 2; epoch++)
            {
                Step(_etf.Observe);
                _etf.EndEpoch();
            }
        }

        public nn.Module<Tensor, Tensor> Model { get; }

        public byte[] Checkpoint() => Bytes(stream => EtfCheckpoint.Save(stream, _etf));

        public byte[] Monitor()
        {
            using var monitor = new NccMonitor(Model);
            Step(monitor.Observe);
            monitor.EndEpoch();
            Step(monitor.Observe);
            return Bytes(monitor.Save);
        }

        public void Dispose()
        {
            _etf.Dispose();
            _optimizer.Dispose();
            Model.Dispose();
        }

        private void Step(Action<Tensor> observe)
        {
            using var scope = NewDisposeScope();
            var labels = tensor(new long[] { 0, 1, 2, 0, 1, 2 });
            _optimizer.zero_grad();
            nn.functional.cross_entropy(Model.call(Sample.Normal(2, 6, 4).to(ScalarType.Float32)), labels).backward();
            _optimizer.step();
            observe(labels);
        }
    }
}
