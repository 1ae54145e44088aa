namespace EtfNet.Benchmarks.Ratios.Monitoring;

/// <summary>The ratio of two kinds of steps that were taken in turn, and its 95% interval.</summary>
/// <remarks>
/// Steps are grouped in rounds. Each is divided by the median of its round's reference steps, against drift; then the median over the rounds is taken for each place in
/// the round, against the outliers of a shared machine, and the mean over the places, as a step costs more where the cadence scores. The interval is that of
/// resampling whole rounds (Efron's percentile bootstrap, with a fixed seed).
/// </remarks>
internal sealed class PhaseMedians
{
    private const int Resamples = 400;

    private readonly List<(double[] Reference, double[] Work)> _rounds = [];

    public int Rounds => _rounds.Count;

    /// <summary>Adds a round: as many steps of each kind as all rounds have, in order.</summary>
    public void Add(IEnumerable<double> reference, IEnumerable<double> work)
    {
        var (plain, watched) = (reference.ToArray(), work.ToArray());
        var unit = Median([.. plain]);
        _rounds.Add(([.. plain.Select(step => step / unit)], [.. watched.Select(step => step / unit)]));
    }

    public (double Ratio, double Low, double High) Estimate()
    {
        var random = new Random(1);
        var resampled = Enumerable.Range(0, Resamples)
            .Select(_ => Ratio([.. Enumerable.Range(0, Rounds).Select(_ => _rounds[random.Next(Rounds)])]))
            .Order().ToArray();
        return (Ratio(_rounds), resampled[(int)(0.025 * Resamples)], resampled[(int)(0.975 * Resamples)]);
    }

    private static double Ratio(List<(double[] Reference, double[] Work)> rounds) =>
        MeanOfMedians(rounds.ConvertAll(round => round.Work)) / MeanOfMedians(rounds.ConvertAll(round => round.Reference));

    private static double MeanOfMedians(List<double[]> rounds) =>
        Enumerable.Range(0, rounds[0].Length).Average(place => Median([.. rounds.Select(round => round[place])]));

    private static double Median(double[] samples)
    {
        Array.Sort(samples);
        return (samples[(samples.Length - 1) / 2] + samples[samples.Length / 2]) / 2;
    }
}
