using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.State;

public sealed class CrashTests
{
    [Fact]
    public void Save_KilledAtRandomMoments_LeavesALoadableFileEveryTime()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("training.etf");
        var random = new Random(3);
        SafetensorsWriter.Write(path, SaveLoop.State(1));
        var seen = new HashSet<byte>();
        for (var kill = 0; kill < 10; kill++)
        {
            using var process = ThisProgram.Start(SaveLoop.Name, path);
            var before = File.GetLastWriteTimeUtc(path);
            // Once it has begun to save, wherever it is.
            while (!process.HasExited && File.GetLastWriteTimeUtc(path) == before)
                Thread.Sleep(1);
            Thread.Sleep(random.Next(25));
            process.HasExited.Should().BeFalse("it saves until it is killed");
            process.Kill();
            process.WaitForExit();

            var bytes = (byte[])SafetensorsReader.Read(path).Tensors.Single().Value.Hold().ToArray();
            bytes.Should().HaveCount(1 << 20);
            bytes.AsSpan().IndexOfAnyExcept(bytes[0]).Should().Be(-1, "a file is one whole save");
            seen.Add(bytes[0]);
        }

        seen.Count.Should().BeGreaterThan(1, "the kills hit different saves");
    }
}
