namespace EtfNet.Benchmarks.Commands;

/// <summary>A wrong value of an option: the message is the one line that the user sees.</summary>
internal sealed class WrongOptionException(string message) : Exception(message);
