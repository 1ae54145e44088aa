namespace EtfNet.Samples;

/// <summary>Something that the user can mend. Its message, one line, is all that is shown; the exit code is 2.</summary>
public sealed class SampleException(string message, Exception? inner = null) : Exception(message, inner);
