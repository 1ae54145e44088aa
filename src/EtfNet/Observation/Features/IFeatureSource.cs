using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A place in a model where features are taken.</summary>
internal interface IFeatureSource
{
    /// <summary>The name under which the report shows it.</summary>
    string Name { get; }

    /// <summary>Where the features are taken and how they are pooled, in words.</summary>
    string Point { get; }

    /// <summary>The layer that the weight for NC3 is taken from; null where there is none.</summary>
    nn.Module? Layer { get; }

    /// <summary>Why nothing was ever seen here; null where something was.</summary>
    string? Silence { get; }

    /// <summary>One row per position of an output that was kept as it is.</summary>
    Tensor PoolPositions(Tensor raw);
}
