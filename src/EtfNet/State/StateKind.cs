namespace EtfNet;

/// <summary>What a file is a state of, as its metadata says.</summary>
internal static class StateKind
{
    public const string Model = "model";
    public const string Frame = "frame";
    public const string Statistics = "statistics";
    public const string Monitor = "monitor";
    public const string Checkpoint = "checkpoint";

    /// <exception cref="EtfStateException">The state is of another kind.</exception>
    public static StateSet Require(StateSet state, string kind) => state.Kind == kind
        ? state
        : throw state.Error(
            null,
            state.Kind is null ? $"another program wrote it, and it holds no {kind} of EtfNet" : $"it holds a {state.Kind}, not a {kind}",
            Remedy(state.Kind));

    private static string Remedy(string? kind) => kind switch
    {
        null or Model => "Weights are loaded with model.LoadSafetensors.",
        Frame => "Load it with SimplexEtf.Load.",
        Statistics => "Load it with ClassStatistics.Load.",
        Monitor => "Load it with NccMonitor.Load.",
        Checkpoint => "Load it with EtfCheckpoint.Load.",
        _ => $"Load it where a {kind} is wanted.",
    };
}
