using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One batch of the model's inputs, kept for replays.</summary>
/// <param name="forward">The forward whose labels are awaited; null for none.</param>
/// <param name="inputs">The inputs, owned; null for those that were left out.</param>
/// <param name="draw">The number that was drawn for it: batches with the least numbers are kept.</param>
internal sealed class SampleBatch(Forward? forward, Tensor?[] inputs, double draw) : IDisposable
{
    public Forward? Forward { get; set; } = forward;

    public Tensor?[] Inputs { get; } = inputs;

    public double Draw { get; } = draw;

    public long Rows { get; } = inputs[0]!.shape[0];

    public long Bytes { get; } = inputs.Sum(input => input is null ? 0 : input.NumberOfElements * input.ElementSize);

    /// <summary>One per sample or one per position, owned; null where they are not known.</summary>
    public Tensor? Labels { get; set; }

    public void Dispose()
    {
        foreach (var input in Inputs)
            input?.Dispose();
        Labels?.Dispose();
    }
}
