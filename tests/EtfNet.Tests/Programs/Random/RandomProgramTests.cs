using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Programs;

public sealed class RandomProgramTests
{
    private const int Steps = 10;

    [Fact]
    public void Programs_AnyOrderOfSteps_KeepToTheAccountLeakNothingAndResumeBitForBit() => Check(firstSeed: 0, programs: 50);

    [Fact]
    [Trait("Category", "Long")]
    public void ManyPrograms_AnyOrderOfSteps_KeepToTheAccountLeakNothingAndResumeBitForBit() => Check(firstSeed: 50, programs: 250);

    /// <summary>Trainings, each with steps in an order of its own; the checkpoints among them go on in another process.</summary>
    private static void Check(int firstSeed, int programs) =>
        // Layer norm's gradients depend on the number of threads, and the other process has one.
        Threads.Run(1, () => Run(firstSeed, programs)).Should().BeGreaterThan(programs / 10);

    private static int Run(int firstSeed, int programs)
    {
        using var data = ResumedPrograms.ProgramData();
        using var folder = new TemporaryFolder();
        var (saved, withFix) = (new List<ResumedProgram>(), 0);
        for (var seed = firstSeed; seed < firstSeed + programs; seed++)
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

        withFix.Should().BeGreaterThanOrEqualTo(programs * 9 / 10);
        ResumedPrograms.Write(folder.File("programs.json"), saved);
        using var process = ThisProgram.Start(ResumedPrograms.Name, folder.File("programs.json"), folder.File("hashes.txt"));
        process.WaitForExit();
        process.ExitCode.Should().Be(0);
        foreach (var (program, hash) in saved.Zip(File.ReadAllLines(folder.File("hashes.txt"))))
            hash.Should().Be(program.Hash, "so it goes on where it is not interrupted: {0}", program.Program);
        return saved.Count;
    }
}
