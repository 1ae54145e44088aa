using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.State;

/// <summary>What is done on Windows, with a Windows that is played: no test on another system can have the real one refuse.</summary>
public sealed class FileReplacementTests : IDisposable
{
    private const int Attempts = 5;

    private readonly TemporaryFolder _folder = new();
    private readonly List<TimeSpan> _waits = [];
    private int _moves;
    private int _exchanges;

    public FileReplacementTests()
    {
        File.WriteAllText(Source, "new");
        File.WriteAllText(Target, "old");
    }

    private string Source => _folder.File(".state.tmp");

    private string Target => _folder.File("state");

    [Fact]
    public void Run_NobodyHasItOpen_Renames()
    {
        Run(refusedMoves: 0, refusedExchanges: 0);
        (_moves, _exchanges, _waits.Count).Should().Be((1, 0, 0));
        RequireNew();
    }

    [Fact]
    public void Run_ReaderThatSharesDeletion_IsMovedAside()
    {
        Run(refusedMoves: 1, refusedExchanges: 0);
        (_moves, _exchanges, _waits.Count).Should().Be((1, 1, 0));
        RequireNew();
    }

    [Fact]
    public void Run_ReaderThatSharesNothing_IsWaitedFor()
    {
        Run(refusedMoves: 3, refusedExchanges: 3);
        (_moves, _exchanges, _waits.Count).Should().Be((4, 3, 3));
        _waits.Should().BeInAscendingOrder();
        RequireNew();
    }

    [Fact]
    public void Run_ReaderThatNeverCloses_SaysSoAndKeepsTheOldFile()
    {
        FluentActions.Invoking(() => Run(refusedMoves: int.MaxValue, refusedExchanges: int.MaxValue)).Should().Throw<IOException>()
            .WithMessage($"{Target} cannot be replaced*keeps it open*elsewhere*").WithInnerException<UnauthorizedAccessException>();
        _moves.Should().Be(Attempts);
        File.ReadAllText(Target).Should().Be("old");
        File.ReadAllText(Source).Should().Be("new");
    }

    [Fact]
    public void Run_ExchangeThatStopsHalfway_PutsTheOldFileBack()
    {
        FluentActions.Invoking(() => new FileReplacement(RefuseOntoAFile, HalfWay, _waits.Add, Attempts).Run(Source, Target)).Should()
            .Throw<IOException>();
        File.ReadAllText(Target).Should().Be("old");
        File.ReadAllText(Source).Should().Be("new");
        Directory.GetFiles(_folder.Path).Should().HaveCount(2);

        void RefuseOntoAFile(string source, string target)
        {
            if (File.Exists(target))
                throw new UnauthorizedAccessException("it is open");
            File.Move(source, target);
        }

        void HalfWay(string source, string target, string backup)
        {
            File.Move(target, backup);
            throw new IOException("the new file cannot be moved");
        }
    }

    [Fact]
    public void Run_NoOldFile_ThrowsAtOnce()
    {
        File.Delete(Target);
        FluentActions.Invoking(() => Run(refusedMoves: int.MaxValue, refusedExchanges: 0)).Should().Throw<UnauthorizedAccessException>();
        (_moves, _exchanges, _waits.Count).Should().Be((1, 0, 0));
    }

    public void Dispose() => _folder.Dispose();

    private void Run(int refusedMoves, int refusedExchanges) => new FileReplacement(
        (source, target) =>
        {
            if (_moves++ < refusedMoves)
                throw new UnauthorizedAccessException("it is open");
            File.Move(source, target, overwrite: true);
        },
        (source, target, backup) =>
        {
            if (_exchanges++ < refusedExchanges)
                throw new IOException("it is open");
            File.Move(target, backup);
            File.Move(source, target);
        },
        _waits.Add,
        Attempts).Run(Source, Target);

    private void RequireNew()
    {
        File.ReadAllText(Target).Should().Be("new");
        Directory.GetFiles(_folder.Path).Should().Equal(Target);
    }
}
