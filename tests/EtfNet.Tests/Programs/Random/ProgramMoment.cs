using TorchSharp.Modules;

namespace EtfNet.Tests.Programs;

/// <summary>A snapshot, and what was true when it was taken.</summary>
internal sealed record ProgramMoment(
    EtfSnapshot Snapshot, ProgramAccount Account, IReadOnlyList<string> Reading, OptimizerHelper Optimizer, ProgramSetting Setting);
