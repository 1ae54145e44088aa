using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// The features that go into a classifier, where they are no other layer's: after a residual sum, a pooling, a final norm.
/// </summary>
internal sealed class HeadInput(LayerTap head) : IFeatureSource
{
    private long _rank;

    public string Name { get; } = head.Name.Length == 0 ? "input" : head.Name + ".input";

    public string Point =>
        head.DescribePooling(_rank, FeatureLayout.ChannelsLast) is { } how ? $"input of {head.Title}; {how}" : $"input of {head.Title}";

    public nn.Module? Layer => null;

    public string? Silence => null;

    public LayerFeatures Take(Tensor input)
    {
        _rank = input.dim();
        return head.Features(this, input, FeatureLayout.ChannelsLast, copy: false, mask: null);
    }

    public Tensor PoolPositions(Tensor raw) => FeaturePooler.Pool(raw, FeaturePooling.EachPosition, FeatureLayout.ChannelsLast);
}
