using System.Diagnostics;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Checkpoints;

public sealed class CrashTests
{
    [Fact]
    public void Save_KilledAtRandomMoments_LeavesALoadableCheckpointEveryTime()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("training.etf");
        var random = new Random(3);
        CheckpointFile.Write(path, SaveLoop.State(1));
        var seen = new HashSet<byte>();
        for (var kill = 0; kill < 100; kill++)
        {
            using var process = Process.Start(Program(path))!;
            var before = File.GetLastWriteTimeUtc(path);
            // Once it has begun to save, wherever it is.
            while (!process.HasExited && File.GetLastWriteTimeUtc(path) == before)
                Thread.Sleep(1);
            Thread.Sleep(random.Next(25));
            process.HasExited.Should().BeFalse("it saves until it is killed");
            process.Kill();
            process.WaitForExit();

            var bytes = CheckpointFile.Read(path).Tensors.Single().Bytes;
            bytes.Should().HaveCount(1 << 20);
            bytes.AsSpan().IndexOfAnyExcept(bytes[0]).Should().Be(-1, "a checkpoint is one whole save");
            seen.Add(bytes[0]);
        }

        seen.Count.Should().BeGreaterThan(3, "the kills hit different saves");
    }

    /// <summary>This assembly as a program: run by the host of the tests, or the program that runs them itself.</summary>
    private static ProcessStartInfo Program(string path)
    {
        var (host, assembly) = (Environment.ProcessPath!, typeof(SaveLoop).Assembly);
        return Path.GetFileName(host).StartsWith(assembly.GetName().Name!, StringComparison.Ordinal)
            ? new ProcessStartInfo(host, [SaveLoop.Name, path])
            : new ProcessStartInfo(host, [assembly.Location, SaveLoop.Name, path]);
    }
}
