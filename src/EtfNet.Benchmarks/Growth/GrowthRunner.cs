using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Setup;

namespace EtfNet.Benchmarks.Growth;

/// <summary>Measures growth: at each place of an axis its series alternate.</summary>
/// <param name="settings">Device and threads.</param>
/// <param name="budget">The time for a place.</param>
internal sealed class GrowthRunner(RunSettings settings, TimeSpan budget)
{
    public MeasuredGrowth Measure(GrowthPlot plot)
    {
        settings.Apply();
        var points = plot.Series.ToDictionary(series => series, _ => new List<(double, double)>());
        foreach (var value in plot.Series.SelectMany(series => series.Values).Distinct().Order())
        {
            var here = plot.Series.Where(series => series.Values.Contains(value)).ToArray();
            var subjects = here.Select(series => series.Subject(value)).ToArray();
            try
            {
                var alternation = new Alternation(budget, settings.Synchronize);
                List<Action> steps = [];
                foreach (var (series, subject) in here.Zip(subjects))
                {
                    subject.Setup();
                    steps.Add(subject.Methods.Single(method => method.Name == series.Method).CreateDelegate<Action>(subject));
                }

                foreach (var (series, median) in here.Zip(alternation.Medians(steps)))
                    points[series].Add((value, median));
            }
            finally
            {
                foreach (var subject in subjects)
                    subject.Dispose();
            }
        }

        return new MeasuredGrowth(plot, [.. plot.Series.Select(series => new GrowthCurve(series.Name, points[series]))]);
    }
}
