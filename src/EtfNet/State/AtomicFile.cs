namespace EtfNet;

/// <summary>Writes files so that a reader, even after a crash, sees the old file or the new one.</summary>
internal static class AtomicFile
{
    private const int LongestPart = 100;

    private static int s_writes;

    /// <summary>Writes to a file of its own in the same folder, flushes it to the disk, and renames it.</summary>
    /// <remarks>A process that is killed leaves <c>.&lt;name&gt;.&lt;process&gt;-&lt;number&gt;.tmp</c> beside the whole old
    /// file.</remarks>
    public static void Write(string path, Action<Stream> write)
    {
        var full = Target(path);
        var name = Path.GetFileName(full);
        // Threads that save to one path at a time must not share a temporary file: the last rename wins.
        var part = name[..Math.Min(LongestPart, name.Length)];
        var temporary = Path.Combine(
            Path.GetDirectoryName(full) ?? full, $".{part}.{Environment.ProcessId}-{Interlocked.Increment(ref s_writes)}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            FileReplacement.ForThisSystem.Run(temporary, full);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The file that a path leads to: a link stays a link.</summary>
    private static string Target(string path)
    {
        var full = Path.GetFullPath(path);
        return new FileInfo(full).LinkTarget is null ? full : File.ResolveLinkTarget(full, returnFinalTarget: true)!.FullName;
    }
}
