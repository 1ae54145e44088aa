using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which of the tensors that a model returns shows what a fix costs: its class scores, else the first.</summary>
/// <remarks>The first batch with labels decides for all passes that share this.</remarks>
internal sealed class OutputChoice(FeaturePooling pooling, long? ignoreIndex)
{
    private int? _index;

    /// <summary>Picks from what the model gave.</summary>
    /// <param name="outputs">The tensors of its result.</param>
    /// <param name="labels">The batch's labels; null where they are not known.</param>
    public Tensor? Of(IReadOnlyList<Tensor> outputs, Tensor? labels)
    {
        if (outputs.Count < 2)
            return outputs.Count == 0 ? null : outputs[0];
        if (labels is not null)
            _index ??= Find(outputs, labels);
        return outputs[_index is { } found && found < outputs.Count ? found : 0];
    }

    /// <summary>The tensor that predicts the labels best, of those that predict them at all; else the first.</summary>
    private int Find(IReadOnlyList<Tensor> outputs, Tensor labels)
    {
        var (best, least) = (0, double.PositiveInfinity);
        for (var i = 0; i < outputs.Count; i++)
        {
            using var scores = new TrialOutputs(pooling, ignoreIndex);
            scores.Add(outputs[i], labels);
            if (scores.Loss() is { } loss && loss < least)
                (best, least) = (i, loss);
        }

        return best;
    }
}
