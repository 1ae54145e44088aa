using System.Text;

namespace EtfNet.Samples;

/// <summary>Where a sample writes: every file appears whole or not at all.</summary>
/// <param name="path">The folder, which is made if need be and written to, so that a run does not train for nothing.</param>
/// <exception cref="SampleException">It cannot be made or written to.</exception>
public sealed class OutputFolder(string path)
{
    public string Path { get; } = Check.Explained(() =>
    {
        var full = Directory.CreateDirectory(path).FullName;
        Replace(System.IO.Path.Combine(full, ".probe"), [0]);
        System.IO.File.Delete(System.IO.Path.Combine(full, ".probe"));
        return full;
    }, why => $"--out {path} cannot be written to ({why}); give another folder.");

    /// <summary>A folder that no earlier run has written to: <c>out/Name</c>, <c>out/Name-2</c>, ...</summary>
    public static OutputFolder New(string path) =>
        new(Enumerable.Range(1, int.MaxValue).Select(i => i == 1 ? path : $"{path}-{i}").First(name => !System.IO.Path.Exists(name)));

    /// <summary>The path of a file.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    /// <summary>Writes a file.</summary>
    /// <exception cref="SampleException">The disk is full or the folder has become unwritable; an earlier file is untouched.</exception>
    public void Write(string name, byte[] content) => Check.Explained(() => Replace(File(name), content),
        why => $"{name} cannot be written to {Path} ({why}); make room there or give another --out.");

    /// <summary>Writes beside the final place, through to the disk, and renames.</summary>
    private static string Replace(string file, byte[] content)
    {
        var temporary = $"{file}.{Environment.ProcessId}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 0, FileOptions.WriteThrough))
                stream.Write(content);
            System.IO.File.Move(temporary, file, overwrite: true);
            return file;
        }
        finally
        {
            System.IO.File.Delete(temporary);
        }
    }
}
