using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Class scores as a model gives them in evaluation mode: logits, their log_softmax, or probabilities.</summary>
internal static class ClassScores
{
    /// <summary>Probabilities of half precision add up to 1 within this.</summary>
    private const float Tolerance = 0.02f;

    /// <summary>Scores whose softmax is the model's class probabilities.</summary>
    /// <param name="rows">A row per label, at least one.</param>
    /// <returns>Float32, of the current scope.</returns>
    public static Tensor Logits(Tensor rows)
    {
        var scores = rows.to(ScalarType.Float32);
        var areProbabilities = scores.shape[1] > 1
            && scores.min().ge(0).logical_and(scores.sum(1).sub(1).abs().max().lt(Tolerance)).item<bool>();
        return areProbabilities ? scores.clamp_min(float.Epsilon).log() : scores;
    }
}
