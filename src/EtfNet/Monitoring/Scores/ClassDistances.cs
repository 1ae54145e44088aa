namespace EtfNet;

/// <summary>
/// For each of some classes, the squared distances of samples from one stored sample of that class: how many, their sum and the least.
/// </summary>
internal sealed class ClassDistances
{
    public ClassDistances(int classes)
    {
        Sum = new double[classes];
        Least = new double[classes];
        Count = new long[classes];
        Clear();
    }

    [State(AtLeast = 0)]
    public double[] Sum { get; }

    [State(AtLeast = 0)]
    public double[] Least { get; }

    [State(AtLeast = 0)]
    public long[] Count { get; }

    public void Add(int c, double distance)
    {
        Sum[c] += distance;
        Least[c] = Math.Min(Least[c], distance);
        Count[c]++;
    }

    /// <summary>How much the mean of all distances but the least exceeds the least.</summary>
    public double Gap(int c) => Count[c] > 1 ? (Sum[c] - Least[c]) / (Count[c] - 1) - Least[c] : 0;

    public double Mean(int c) => Sum[c] / Count[c];

    public void Clear()
    {
        Array.Clear(Sum);
        Array.Fill(Least, double.PositiveInfinity);
        Array.Clear(Count);
    }
}
