using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which of the tensors that a model returns are its class scores.</summary>
internal static class LogitsChoice
{
    /// <summary>
    /// The tensor that the options pick; else the only floating-point one; else, of several, the one that the last called layer returned
    /// itself, or the only one as wide as there are classes.
    /// </summary>
    public static Tensor? Of(ObservationOptions options, object? result, IReadOnlyList<Tensor> outputs, Forward forward)
    {
        if (options.Logits is { } pick)
            return result is null ? null : pick(result);
        var scores = outputs.Where(output => output.dim() > 1 && is_floating_point(output)).ToList();
        if (scores.Count <= 1)
            return scores.FirstOrDefault();
        if (forward.Candidates.Count > 0 && scores.Find(output => ReferenceEquals(output, forward.Candidates[^1].Output)) is { } own)
            return own;
        var wide = scores.Where(output => Width(output) == options.ClassCount).ToList();
        return wide.Count == 1 ? wide[0] : null;
    }

    /// <summary>The size of the dimension of the classes.</summary>
    public static long Width(Tensor scores) => scores.shape[scores.dim() > 3 ? 1 : scores.dim() - 1];
}
