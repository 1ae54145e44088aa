using System.Globalization;
using EtfNet.Tests.Support;

namespace EtfNet.Tests.Checkpoints;

/// <summary>A training that is killed while it saves checkpoints, and resumed: <c>kill COUNT</c> as a command.</summary>
internal static class KilledTraining
{
    /// <summary>The training that is killed, as a program.</summary>
    public const string Name = "killed-training";

    public const string CommandName = "kill";

    private const int LastEpoch = 10;

    /// <summary>Trains, and saves after every epoch, again and again.</summary>
    public static int Run(string path)
    {
        while (true)
        {
            using var run = new ResumedRun("ModuleField", "Adam");
            for (var epoch = 1; epoch < LastEpoch; epoch++)
            {
                run.Train(epoch, epoch);
                for (var save = 0; save < 20; save++)
                    EtfCheckpoint.Save(path, run.Etf);
            }
        }
    }

    /// <summary>As a command.</summary>
    public static int Command(string count, TextWriter output)
    {
        using var folder = new TemporaryFolder();
        var kills = int.Parse(count, CultureInfo.InvariantCulture);
        var problems = Kill(folder, kills, seed: 1, output.WriteLine).Count(problem => problem is not null);
        output.WriteLine($"{kills} kills, {problems} failures");
        return problems == 0 ? 0 : 1;
    }

    /// <summary>Kills trainings at random moments while they save, and resumes each from the file that it left.</summary>
    /// <returns>For each, what is wrong; null: the resumed training ends bit for bit as one that was never interrupted.</returns>
    public static IReadOnlyList<string?> Kill(TemporaryFolder folder, int count, int seed, Action<string> tell)
    {
        var random = new Random(seed);
        using var straight = new ResumedRun("ModuleField", "Adam");
        straight.Train(1, LastEpoch);
        var problems = new List<string?>();
        for (var kill = 0; kill < count; kill++)
        {
            var path = folder.File($"{kill}.etf");
            using (var process = ThisProgram.Start(Name, path))
            {
                while (!process.HasExited && !File.Exists(path))
                    Thread.Sleep(1);
                Thread.Sleep(random.Next(600));
                process.Kill();
                process.WaitForExit();
            }

            problems.Add(Resume(path, straight.Weights, out var epoch));
            tell($"{kill + 1}: killed in epoch {epoch + 1}; {problems[^1] ?? "resumed bit for bit"}");
        }

        return problems;
    }

    private static string? Resume(string path, IReadOnlyList<string> expected, out int epoch)
    {
        epoch = 0;
        try
        {
            epoch = int.Parse(SafetensorsReader.Read(path).Texts["scheduler.epoch"], CultureInfo.InvariantCulture);
            using var run = new ResumedRun("ModuleField", "Adam");
            EtfCheckpoint.Load(path, run.Etf);
            run.Train(epoch + 1, LastEpoch);
            return run.Weights.SequenceEqual(expected) ? null : "the resumed training ends otherwise";
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }
    }
}
