using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Programs;

public sealed class RandomProgramTests
{
    private const int Programs = 300;
    private const int Steps = 10;

    /// <summary>
    /// Three hundred trainings, each with steps in an order of its own; the checkpoints among them go on in another process.
    /// </summary>
    [Fact]
    public void Programs_AnyOrderOfSteps_KeepToTheAccountLeakNothingAndResumeBitForBit()
    {
        using var data = ResumedPrograms.ProgramData();
        using var folder = new TemporaryFolder();
        var (saved, withFix) = (new List<ResumedProgram>(), 0);
        for (var seed = 0; seed < Programs; seed++)
        {
            var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            string text;
            using (var program = new RandomProgram(seed, data, folder.Path))
            {
                program.Run(Steps);
                saved.AddRange(program.Saved);
                withFix += program.HasFixed ? 1 : 0;
                text = program.ToString();
            }

            DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live, "nothing is left of {0}", text);
        }

        withFix.Should().BeGreaterThanOrEqualTo(Programs * 9 / 10);
        saved.Count.Should().BeGreaterThan(Programs / 10);
        ResumedPrograms.Write(folder.File("programs.json"), saved);
        using var process = ThisProgram.Start(ResumedPrograms.Name, folder.File("programs.json"), folder.File("hashes.txt"));
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
        foreach (var (program, hash) in saved.Zip(File.ReadAllLines(folder.File("hashes.txt"))))
            hash.Should().Be(program.Hash, "so it goes on where it is not interrupted: {0}", program.Program);
    }
}
