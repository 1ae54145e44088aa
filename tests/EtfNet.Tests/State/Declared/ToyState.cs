using System.Text.Json.Serialization;
using static EtfNet.Tests.State.Declared.DeclaredStateTests;
using static TorchSharp.torch;

namespace EtfNet.Tests.State.Declared;

/// <summary>A scheduler that contains a monitor that contains layers, with tensors, enums and JSON: what the library's own types
/// need.</summary>
internal static partial class ToyState
{
    public const string Kind = "toy";

    public static object Create(Type type) => type == typeof(ToyLayer) ? new ToyLayer("options") : Activator.CreateInstance(type)!;

    public static Scheduler Example()
    {
        var scheduler = new Scheduler
        {
            Epoch = 4,
            Decision = Decision.Exact,
            Average = ones(2, 2),
            Means = [[1, 2], [3, 4], [5, 6]],
            Record = new ToyRecord("fc", 0.25),
            Rate = 0.1f
        };
        foreach (var key in new[] { "encoder.0", "", ".a b/é" })
            scheduler.Monitor.Layers
                .Add(key,
                new ToyLayer("options") { Scored = 7 + key.Length - (key == "encoder.0" ? 9 : 0), Wrong = 1, Sums = [key.Length, 2, 3] });
        scheduler.Averages.Add("fc.weight", ones(3));
        return scheduler;
    }

    internal enum Decision
    {
        Online,
        Exact,
    }

    internal sealed record ToyRecord(string Name, double Error);

    internal sealed class ToyLayer(string options) : Layer
    {
        public string Options => options;
    }

    internal sealed class ToyMonitor
    {
        [State(MergeRule.Each)] public Dictionary<string, ToyLayer> Layers { get; } = [];
    }

    internal sealed class Scheduler : IDisposable
    {
        [State(MergeRule.Each)] private readonly ToyMonitor _monitor = new();

        public ToyMonitor Monitor => _monitor;

        [State] public int Epoch { get; set; }

        [State] public Decision Decision { get; set; }

        [State(MergeRule.Sum)] public Tensor? Average { get; set; }

        [State] public Tensor? Optional { get; set; }

        [State] public double[][] Means { get; set; } = [];

        [State(Json = typeof(ToyJson))] public ToyRecord? Record { get; set; }

        [State] public float? Rate { get; set; }

        [State] public Dictionary<string, Tensor> Averages { get; } = [];

        [State] public List<ToyLayer> Steps { get; } = [];

        public void Dispose()
        {
            Average?.Dispose();
            Optional?.Dispose();
            foreach (var tensor in Averages.Values)
                tensor.Dispose();
        }
    }

    [JsonSerializable(typeof(ToyRecord))]
    internal sealed partial class ToyJson : JsonSerializerContext;
}
