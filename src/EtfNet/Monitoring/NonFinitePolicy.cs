namespace EtfNet;

/// <summary>What a monitor does with features that are NaN or infinite.</summary>
public enum NonFinitePolicy
{
    /// <summary>Leaves the sample out, counts it and notes it in the report.</summary>
    LeaveOut,

    /// <summary>Throws an exception that names the layer; no statistic changes. This costs another pass over the features and, on CUDA, a
    /// wait for the device.</summary>
    Throw,
}
