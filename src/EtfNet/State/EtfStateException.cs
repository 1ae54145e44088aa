namespace EtfNet;

/// <summary>A file, stream or text has no state that can be loaded here: it is damaged, is of a newer version, or belongs to something
/// else.</summary>
/// <remarks>
/// It is thrown before anything is changed: models, optimizers and existing files stay as they were. Errors of the file system are an
/// <see cref="IOException"/> or an <see cref="UnauthorizedAccessException"/> instead.
/// </remarks>
public sealed class EtfStateException : FormatException
{
    internal EtfStateException(string? fileName, string? entry, string problem, string remedy, Exception? inner = null)
        : base(Compose(fileName, entry, problem, remedy), inner) =>
        (FileName, Entry, Problem, Remedy) = (fileName, entry, problem, remedy);

    /// <summary>Gets the path of the file; null for a stream or a text.</summary>
    public string? FileName { get; }

    /// <summary>Gets the name of the tensor, layer or metadata entry that is wrong; null if the file as a whole is wrong.</summary>
    public string? Entry { get; }

    /// <summary>Gets what to do about the error, as a sentence.</summary>
    public string Remedy { get; }

    /// <summary>What is wrong, without file, entry and remedy.</summary>
    internal string Problem { get; }

    /// <summary>The same error, of a file whose name was not known where it was thrown.</summary>
    internal EtfStateException In(string fileName) => new(fileName, Entry, Problem, Remedy, this);

    private static string Compose(string? fileName, string? entry, string problem, string remedy) =>
        $"{(fileName is null ? "" : fileName + ": ")}{(entry is null ? "" : EntryName.Quote(entry) + ": ")}{problem}. {remedy}";
}
