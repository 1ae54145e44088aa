namespace EtfNet;

/// <summary>What a monitor does with features that are NaN or infinite.</summary>
public enum NonFinitePolicy
{
    /// <summary>Leaves the sample out, counts it and says so in the report.</summary>
    LeaveOut,

    /// <summary>Throws, naming the layer; no statistic changes. Costs another pass over the features (and, on CUDA, a wait for the
    /// device).</summary>
    Throw,
}
