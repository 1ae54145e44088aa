namespace EtfNet;

/// <summary>Puts one file in another's place.</summary>
/// <remarks>
/// On Unix a rename does that even while the old file is open. On Windows a rename onto an open file is refused, even where its reader
/// shares deletion; moving the open file aside is not. So there, if the rename is refused, the old file is moved aside and the new one
/// takes its name; and where a reader shares nothing, it is tried again for a while. Whatever happens, a whole file stands under the name
/// at the end.
/// </remarks>
/// <param name="move">Renames a file onto another, or onto nothing.</param>
/// <param name="exchange">Puts the first file in the second's place and the second in the third's.</param>
/// <param name="wait">Waits before the next attempt.</param>
/// <param name="attempts">How often to try.</param>
internal sealed class FileReplacement(
    Action<string, string> move, Action<string, string, string>? exchange, Action<TimeSpan> wait, int attempts)
{
    private const int WindowsAttempts = 40;

    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(200);

    public static FileReplacement ForThisSystem { get; } = OperatingSystem.IsWindows()
        ? new(Move, Exchange, Thread.Sleep, WindowsAttempts)
        : new(Move, exchange: null, Thread.Sleep, attempts: 1);

    /// <exception cref="IOException">The name could not be taken; the old file stands under it.</exception>
    /// <exception cref="UnauthorizedAccessException">The name may not be taken; the old file stands under it.</exception>
    public void Run(string source, string target)
    {
        var pause = s_first;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                move(source, target);
                return;
            }
            catch (Exception exception) when (exchange is not null && File.Exists(target)
                && exception is (IOException or UnauthorizedAccessException))
            {
                if (TryExchange(source, target))
                    return;
                if (attempt >= attempts)
                    throw new IOException(
                        $"{target} cannot be replaced and is unchanged: another program keeps it open. Close it, or save elsewhere.",
                        exception);
            }

            wait(pause);
            pause = pause * 2 < s_longest ? pause * 2 : s_longest;
        }
    }

    private static void Move(string source, string target) => File.Move(source, target, overwrite: true);

    private static void Exchange(string source, string target, string backup) =>
        File.Replace(source, target, backup, ignoreMetadataErrors: true);

    private bool TryExchange(string source, string target)
    {
        var backup = source + ".old";
        try
        {
            exchange!(source, target, backup);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It may have stopped halfway: the old file moved aside, the new one not yet in its place.
            if (!File.Exists(target) && File.Exists(backup))
                move(backup, target);
            return false;
        }

        try
        {
            File.Delete(backup);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A reader still has the old file open without sharing deletion: it stays beside the new one, under a temporary name.
        }

        return true;
    }
}
