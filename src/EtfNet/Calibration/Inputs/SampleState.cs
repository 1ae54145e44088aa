using System.Globalization;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The kept batches of a rank as a state, to bring them to another.</summary>
internal static class SampleState
{
    private const string Kind = "calibration sample";
    private const string Shape = "batches";

    public static StateSet Capture(IReadOnlyList<(Tensor?[] Inputs, Tensor? Labels)> batches)
    {
        var state = new StateSet(Kind);
        state.Add(Shape, string.Join(' ', batches.Select(batch => batch.Inputs.Length)));
        for (var i = 0; i < batches.Count; i++)
        {
            for (var j = 0; j < batches[i].Inputs.Length; j++)
                if (batches[i].Inputs[j] is { } input)
                    state.Add(Input(i, j), new LiveTensor(input));
            if (batches[i].Labels is { } labels)
                state.Add(Labels(i), new LiveTensor(labels));
        }

        return state;
    }

    /// <summary>The batches, as tensors detached from all scopes.</summary>
    /// <param name="state">What was captured.</param>
    /// <param name="device">Where the tensors are to be.</param>
    public static IReadOnlyList<(Tensor?[] Inputs, Tensor? Labels)> Read(StateSet state, Device device)
    {
        var lengths = state.Texts[Shape].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(length => int.Parse(length, CultureInfo.InvariantCulture)).ToList();
        return
        [
            .. lengths.Select((length, i) =>
                (Enumerable.Range(0, length).Select(j => Tensor(Input(i, j))).ToArray(), Tensor(Labels(i)))),
        ];

        Tensor? Tensor(string name)
        {
            if (!state.Tensors.TryGetValue(name, out var held))
                return null;
            using var scope = NewDisposeScope();
            return held.Hold().ToTensor().to(device).DetachFromDisposeScope();
        }
    }

    private static string Input(int batch, int index) => FormattableString.Invariant($"batch.{batch}.input.{index}");

    private static string Labels(int batch) => FormattableString.Invariant($"batch.{batch}.labels");
}
