using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>One network to train: its name in all output, what makes it (weights from torch's global generator), and what is done with its layers.</summary>
public sealed record TrainingRun(string Name, Func<nn.Module<Tensor, Tensor>> CreateModel, LayerMethod Method);
