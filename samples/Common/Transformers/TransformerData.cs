using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Data for a transformer.</summary>
/// <param name="Description">Where it came from, in words.</param>
/// <param name="Train">The training set.</param>
/// <param name="Test">The test set.</param>
/// <param name="ClassCount">The number of classes.</param>
/// <param name="Tokens">The most tokens that a sample has, without the class token.</param>
/// <param name="CreateEmbedding">Makes what turns inputs into tokens, (batch, tokens, width), for a width.</param>
/// <param name="Padding">Finds the tokens of the inputs that are padding, (batch, tokens) in Bool; null where none are.</param>
public sealed record TransformerData(
    string Description, TensorSet Train, TensorSet Test, int ClassCount, int Tokens,
    Func<int, nn.Module<Tensor, Tensor>> CreateEmbedding, Func<Tensor, Tensor>? Padding = null);
