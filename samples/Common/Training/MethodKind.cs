namespace EtfNet.Samples;

/// <summary>What a method does with layers: measure them; fix them once they have collapsed; neither, for times to compare with.</summary>
public enum MethodKind { Watch, Adaptive, Plain }
