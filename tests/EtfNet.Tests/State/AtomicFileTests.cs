using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.State;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Write_WhileAReaderHasTheOldFileOpen_BothSeeAWholeFile()
    {
        var path = _folder.File("state");
        Write(path, 1);
        // As this library's own reader opens it, and as others do.
        foreach (var share in new[] { FileShare.Read | FileShare.Delete, FileShare.Read, FileShare.ReadWrite })
        {
            if (OperatingSystem.IsWindows() && !share.HasFlag(FileShare.Delete))
                continue;
            using var reader = new FileStream(path, FileMode.Open, FileAccess.Read, share);
            var old = reader.ReadByte();
            Write(path, (byte)(old + 1));
            File.ReadAllBytes(path).Should().Equal((byte)(old + 1), (byte)(old + 1), (byte)(old + 1));
            (reader.ReadByte(), reader.ReadByte(), reader.ReadByte()).Should().Be((old, old, -1));
        }

        Directory.GetFiles(_folder.Path).Should().Equal(path);
    }

    [Fact]
    public void Write_ThatFails_LeavesTheOldFileAndNothingElse()
    {
        var path = _folder.File("state");
        Write(path, 1);
        FluentActions.Invoking(() => AtomicFile.Write(path, stream =>
        {
            stream.WriteByte(2);
            throw new InvalidOperationException("there");
        })).Should().Throw<InvalidOperationException>();
        File.ReadAllBytes(path).Should().Equal(1, 1, 1);
        Directory.GetFiles(_folder.Path).Should().Equal(path);
        FluentActions.Invoking(() => Write(_folder.File("no/such/state"), 1)).Should().Throw<IOException>();
        FluentActions.Invoking(() => Write(_folder.Path, 1)).Should().Throw<Exception>().Which
            .Should().Match<Exception>(error => error is IOException || error is UnauthorizedAccessException);
        Directory.GetFileSystemEntries(_folder.Path).Should().Equal(path);
    }

    [Fact]
    public void Write_FromManyThreads_LeavesOneWholeFile()
    {
        var path = _folder.File("state");
        var errors = new List<Exception>();
        var threads = Enumerable.Range(1, 8).Select(value => new Thread(() =>
        {
            try
            {
                for (var i = 0; i < 20; i++)
                    Write(path, (byte)value);
            }
            catch (Exception exception)
            {
                lock (errors)
                    errors.Add(exception);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        errors.Should().BeEmpty();
        File.ReadAllBytes(path).Distinct().Should().ContainSingle();
        Directory.GetFiles(_folder.Path).Should().Equal(path);
    }

    [Fact]
    public void Write_ThroughALink_KeepsTheLink()
    {
        Directory.CreateDirectory(_folder.File("runs"));
        Write(_folder.File("runs/epoch-3"), 1);
        File.CreateSymbolicLink(_folder.File("latest"), _folder.File("runs/epoch-3"));
        Write(_folder.File("latest"), 2);
        new FileInfo(_folder.File("latest")).LinkTarget.Should().Be(_folder.File("runs/epoch-3"));
        File.ReadAllBytes(_folder.File("runs/epoch-3")).Should().Equal(2, 2, 2);
        File.CreateSymbolicLink(_folder.File("next"), _folder.File("runs/epoch-4"));
        Write(_folder.File("next"), 3);
        File.ReadAllBytes(_folder.File("runs/epoch-4")).Should().Equal(3, 3, 3);
    }

    [Fact]
    public void Write_LongestName_Works()
    {
        var path = _folder.File(new string('n', 255));
        Write(path, 1);
        File.ReadAllBytes(path).Should().Equal(1, 1, 1);
    }

    public void Dispose() => _folder.Dispose();

    private static void Write(string path, byte value) => AtomicFile.Write(path, stream => stream.Write([value, value, value]));
}
