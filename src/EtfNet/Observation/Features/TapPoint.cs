using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Where the features of a layer are taken: on which module, in words, and whether what follows overwrites them.</summary>
internal sealed record TapPoint(nn.Module Module, string Text, bool Overwritten);
