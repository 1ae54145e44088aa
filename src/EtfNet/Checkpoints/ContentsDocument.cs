using System.Text.Json.Serialization;
using TorchSharp;

namespace EtfNet;

/// <summary>A checkpoint's table of contents as JSON has it; the blocks follow in the order in which it names them.</summary>
internal sealed record ContentsDocument(PlanDocument Plan, IReadOnlyList<TensorEntry> Tensors, IReadOnlyList<OptimizerEntry> Optimizers, SchedulerEntry? Scheduler)
{
    public static ContentsDocument From(TrainingState state) => new(
        new EtfPlan(state.Plan, state.Cuts).ToDocument(),
        [.. state.Tensors.Select(tensor => new TensorEntry(tensor.Name, tensor.Dtype.ToString(), tensor.Shape, tensor.Bytes.Length))],
        [.. state.Optimizers.Select(optimizer => new OptimizerEntry(optimizer.Type, [.. optimizer.Groups.Select(group =>
            new GroupEntry(group.Options.Length, [.. group.States.Select(one => new StateEntry(one.Name, one.State.Length))]))]))],
        state.Scheduler is not { } scheduler ? null : new SchedulerEntry(scheduler.Epoch, scheduler.ForwardsPerEpoch, scheduler.Layers, scheduler.Monitor.Length));

    /// <summary>Reads the blocks; no more is allocated than the file holds.</summary>
    /// <exception cref="InvalidDataException">The table does not agree with the file.</exception>
    public TrainingState ToState(Stream stream, long end)
    {
        if (Plan is null || Tensors is null || Optimizers is null)
            throw new InvalidDataException("its table of contents lacks a part");
        var plan = EtfPlan.From(Plan);
        var tensors = Tensors.Select(entry => ScalarTypeOf(entry) is { } dtype
            ? new TensorMemory(entry.Name, dtype, entry.Shape, Block(entry.Length, $"'{entry.Name}'"))
            : throw new InvalidDataException($"'{entry.Name}' has an unknown type, or a shape that its length does not fit")).ToList();
        if (tensors.DistinctBy(tensor => tensor.Name).Count() != tensors.Count)
            throw new InvalidDataException("it holds a tensor twice");
        var optimizers = Optimizers.Select(entry => new OptimizerMemory(entry.Type, [.. entry.Groups.Select(group => new OptimizerGroupMemory(
            Block(group.Options, "an optimizer's options"),
            [.. group.States.Select(state => (state.Name, Block(state.Length, $"the optimizer's state of '{state.Name}'")))]))])).ToList();
        var scheduler = Scheduler is not { } saved ? null : new SchedulerMemory
        {
            Epoch = saved.Epoch,
            ForwardsPerEpoch = saved.ForwardsPerEpoch,
            Layers = saved.Layers,
            Monitor = Block(saved.Monitor, "the monitor's state"),
        };
        return stream.Position == end
            ? new TrainingState(plan.Layers, tensors, optimizers, scheduler) { Cuts = plan.Cuts }
            : throw new InvalidDataException("its table of contents does not cover all of it");

        static torch.ScalarType? ScalarTypeOf(TensorEntry entry) =>
            Enum.TryParse<torch.ScalarType>(entry.Dtype, out var dtype) && Array.TrueForAll(entry.Shape, size => size >= 0)
                && entry.Shape.Aggregate((Int128)dtype.ElementSize(), (bytes, size) => bytes * size) == entry.Length
                ? dtype
                : null;

        byte[] Block(int length, string what)
        {
            if (length < 0 || length > end - stream.Position)
                throw new InvalidDataException($"{what} reaches past its end");
            var bytes = new byte[length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }
}

internal sealed record TensorEntry(string Name, string Dtype, long[] Shape, int Length);

internal sealed record OptimizerEntry(string Type, IReadOnlyList<GroupEntry> Groups);

internal sealed record GroupEntry(int Options, IReadOnlyList<StateEntry> States);

internal sealed record StateEntry(string Name, int Length);

internal sealed record SchedulerEntry(int Epoch, int ForwardsPerEpoch, IReadOnlyList<LayerMemory> Layers, int Monitor);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ContentsDocument))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
