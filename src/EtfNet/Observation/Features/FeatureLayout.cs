namespace EtfNet;

/// <summary>Which dimension of an output holds the features.</summary>
internal enum FeatureLayout
{
    ChannelsLast,
    ChannelsFirst,
}
