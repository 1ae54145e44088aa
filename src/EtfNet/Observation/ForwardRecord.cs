using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What one forward showed: features of layers, and the model's output.</summary>
internal sealed class ForwardRecord : IDisposable
{
    public List<(LayerTap Tap, Tensor Features)> Features { get; } = [];

    public Tensor? Output { get; set; }

    /// <summary>The first dimension of the model's output; 0 where it was not seen.</summary>
    public long OutputRows { get; set; }

    /// <summary>The number of samples: the output's rows where a layer agrees, else the row count of most layers; 0 where no layer was seen.</summary>
    public long Length => Features.Count == 0 ? 0
        : Features.Exists(entry => entry.Features.shape[0] == OutputRows) ? OutputRows
        : Features.GroupBy(entry => entry.Features.shape[0]).MaxBy(group => group.Count())!.Key;

    public void Dispose()
    {
        foreach (var (_, features) in Features)
            features.Dispose();
        Features.Clear();
        Output?.Dispose();
        Output = null;
    }
}
