namespace EtfNet.Benchmarks.Setup;

/// <summary>A wrong option: the message is the one line that the user sees, and the exit code is 2.</summary>
internal sealed class OptionException(string message) : Exception(message);
