namespace EtfNet;

/// <summary>The model threw when it was called again with inputs that it saw; the message is the first line of the model's.</summary>
internal sealed class ReplayException(Exception inner)
    : Exception((inner is ArgumentException argument ? Words.Plain(argument) : inner.Message).Split('\n')[0].TrimEnd('\r', '.'), inner);
