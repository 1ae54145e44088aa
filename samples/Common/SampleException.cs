namespace EtfNet.Samples;

/// <summary>Something the user can put right: its message, one line that names the thing and the way out, is all that is shown.</summary>
public sealed class SampleException(string message, Exception? inner = null) : Exception(message, inner);
