namespace EtfNet;

/// <summary>What <see cref="LowRankKernel"/> works on: <c>y = factor (J x - outer inner^T x) + bias</c> for each row.</summary>
internal struct LowRankJob
{
    /// <summary>The first numbers of input, output, the two factors and the bias; the bias may be 0.</summary>
    public nint X, Y, Inner, Outer, Bias;

    /// <summary>From one row to the next.</summary>
    public long FromRow, ToRow, InnerRow, OuterRow;

    /// <summary>The numbers of a row of x and of y.</summary>
    public long Inputs, Outputs;

    /// <summary>The columns of the factors that count.</summary>
    public int Rank;

    public double Factor;

    /// <summary>Room for the outer factor in the order in which it is read, see <see cref="LowRankPanels"/>.</summary>
    public nint Panels;
}
