using System.Text.Json;
using EtfNet.Tests.Support;
using TorchSharp;

namespace EtfNet.Tests.Programs;

/// <summary>A checkpoint that another process loads and trains on from.</summary>
/// <param name="Setting">How to build model, optimizer and scheduler.</param>
/// <param name="Path">The checkpoint.</param>
/// <param name="Hash">What the training is one epoch later, where it was not interrupted.</param>
/// <param name="Program">What had happened before.</param>
internal sealed record ResumedProgram(ProgramSetting Setting, string Path, string Hash, string Program);

/// <summary>The program that loads such checkpoints in a process of its own.</summary>
internal static class ResumedPrograms
{
    public const string Name = "resume-programs";

    public static void Write(string path, IReadOnlyList<ResumedProgram> programs) =>
        File.WriteAllText(path, JsonSerializer.Serialize(programs));

    /// <summary>Loads each, trains an epoch, and writes one hash a line; what went wrong instead of one that went wrong.</summary>
    public static int Run(string path, string output)
    {
        torch.set_num_threads(1);
        using var data = ProgramData();
        File.WriteAllLines(output,
            JsonSerializer.Deserialize<IReadOnlyList<ResumedProgram>>(File.ReadAllText(path))!.Select(program => Resume(program, data)));
        return 0;
    }

    public static Blobs ProgramData() => new(samples: 64, noise: 1.0, seed: 3);

    private static string Resume(ResumedProgram program, Blobs data)
    {
        try
        {
            using var model = program.Setting.MakeModel();
            using var optimizer = program.Setting.MakeOptimizer(model);
            using var etf = model.ApplyAdaptiveEtf(program.Setting.Options, optimizer);
            EtfCheckpoint.Load(program.Path, etf);
            ProgramEpoch.Train(model, optimizer, etf, data, program.Setting.Dtype);
            if (program.Setting.HasGuard)
                etf.EndEpochWithLoss(RandomProgram.GoodLoss);
            else
                etf.EndEpoch();
            return ProgramEpoch.Hash(model, optimizer);
        }
        catch (Exception exception)
        {
            return exception.ToString().ReplaceLineEndings(" ");
        }
    }
}
