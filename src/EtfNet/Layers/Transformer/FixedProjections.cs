namespace EtfNet;

/// <summary>Which of a feedforward's two projections are fixed simplex ETFs; the others are learned.</summary>
[Flags]
public enum FixedProjections
{
    /// <summary>Neither: a plain learned feedforward.</summary>
    None = 0,

    /// <summary>The up-projection, from the width to the hidden units.</summary>
    Up = 1,

    /// <summary>The down-projection, from the hidden units back to the width.</summary>
    Down = 2,

    /// <summary>Both, as in the paper's ETF-Transformer.</summary>
    Both = Up | Down,
}
