namespace EtfNet;

/// <summary>An epoch in an <see cref="EtfHistory"/>.</summary>
/// <param name="Report">What the scheduler found and did.</param>
/// <param name="Figures">What the training program measured.</param>
public sealed record EtfHistoryEpoch(EtfReport Report, EpochFigures Figures);
