using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Follows the forwards of a party: what they were given, and which labels they got.</summary>
internal interface IForwardSubscriber
{
    /// <summary>A forward that counts has begun by a call of the model.</summary>
    /// <param name="forward">The forward.</param>
    /// <param name="inputs">The model's inputs as they came, the user's own tensors.</param>
    void Begun(Forward forward, object?[] inputs);

    /// <summary>A forward has got its labels.</summary>
    /// <param name="forward">The forward.</param>
    /// <param name="labels">The labels, one per sample or one per position; owned by the caller.</param>
    void Labeled(Forward forward, Tensor labels);

    /// <summary>A forward gets no labels any more.</summary>
    /// <param name="forward">The forward.</param>
    /// <param name="isDuplicate">Whether another forward of the very same inputs got them.</param>
    void LetGo(Forward forward, bool isDuplicate);
}
