namespace EtfNet;

/// <summary>How <see cref="MpiCollective"/> finds MPI, and how long its ranks wait for each other.</summary>
public sealed record MpiOptions
{
    private const int DefaultChunk = 32 << 20;

    /// <summary>Gets how long a rank waits for the others in one call before it gives up.</summary>
    /// <value>
    /// Above zero and at most 24 days. The default is 10 minutes. It must exceed the time of work that one rank does alone, such as a
    /// validation.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is not above zero, or is above 24 days.</exception>
    public TimeSpan Timeout
    {
        get;
        init => field = value > TimeSpan.Zero && value <= TimeSpan.FromDays(24)
            ? value : throw new ArgumentOutOfRangeException(nameof(Timeout), value, "Must be above zero and at most 24 days.");
    } = TimeSpan.FromMinutes(10);

    /// <summary>Gets the path of Open MPI's library.</summary>
    /// <value>The default is null: the system finds <c>libmpi.so.40</c>, or <c>libmpi.40.dylib</c> on macOS.</value>
    /// <exception cref="ArgumentException">The value is empty.</exception>
    public string? LibraryPath
    {
        get;
        init => field = value is not ""
            ? value : throw new ArgumentException("Must not be empty; null lets the system find the library.", nameof(LibraryPath));
    }

    /// <summary>Gets whether a single rank is allowed.</summary>
    /// <value>The default is false: a program that <c>mpirun</c> did not start gets an error instead of training alone.</value>
    public bool AllowOneRank { get; init; }

    /// <summary>Gets how many bytes are summed at once: the size of the memory that MPI works on.</summary>
    internal int ChunkBytes { get; init; } = DefaultChunk;
}
