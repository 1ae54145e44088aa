namespace EtfNet.Samples;

/// <summary>Where a sample writes: every file appears whole or not at all.</summary>
public sealed class OutputFolder
{
    private OutputFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>Makes the folder if need be and tries to write there, so that a run does not train for nothing.</summary>
    /// <exception cref="SampleException">It cannot be made or written to.</exception>
    public static OutputFolder Create(string path)
    {
        try
        {
            var folder = new OutputFolder(Directory.CreateDirectory(path).FullName);
            var probe = folder.Temporary("probe");
            File.WriteAllBytes(probe, [0]);
            File.Delete(probe);
            return folder;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new SampleException($"--out {path} cannot be written to ({error.Message.ReplaceLineEndings(" ").TrimEnd('.')}); give another folder.", error);
        }
    }

    /// <summary>Writes a file beside its final place, flushes it to disk and renames it.</summary>
    /// <exception cref="SampleException">The disk is full or the folder has become unwritable; a file of an earlier write is untouched.</exception>
    public void Write(string name, ReadOnlySpan<byte> content)
    {
        var temporary = Temporary(name);
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, System.IO.Path.Combine(Path, name), overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            TryDelete(temporary);
            throw new SampleException($"{name} cannot be written to {Path} ({error.Message.TrimEnd('.')}); make room there or give another --out.", error);
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What could not be written may not be deletable either; the message about the write is the one that matters.
        }
    }

    private string Temporary(string name) => System.IO.Path.Combine(Path, $".{name}.{Environment.ProcessId}.tmp");
}
