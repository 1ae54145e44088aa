namespace EtfNet.Samples;

/// <summary>A question, the runs that answer it, and how the answer is shown.</summary>
internal abstract class Experiment
{
    /// <summary>Gets its name on the command line and of its files.</summary>
    public abstract string Name { get; }

    /// <summary>Gets what it asks, in one line.</summary>
    public abstract string Question { get; }

    /// <summary>Gets whether a run that was stopped goes on where it was; otherwise it begins anew, so that its times are of one piece.</summary>
    public virtual bool Resumes => true;

    /// <summary>The runs, in the order in which they are run.</summary>
    public abstract IReadOnlyList<ExperimentRun> Runs(Request request);

    /// <summary>What the finished runs show; at least one is finished.</summary>
    public abstract Showing Show(RunSet runs, Request request);

    /// <summary>The runs of some variants, all seeds.</summary>
    /// <param name="seeds">The seeds: all variants of the first, then all of the next.</param>
    /// <param name="variants">The variants, and what makes the settings of a seed.</param>
    protected static IReadOnlyList<ExperimentRun> ForSeeds(IReadOnlyList<int> seeds, params IReadOnlyList<(string Variant, Func<int, RunSettings> Settings)> variants) =>
        [.. seeds.SelectMany(seed => variants.Select(variant => new ExperimentRun(variant.Variant, seed, variant.Settings(seed))))];
}

/// <summary>What an experiment shows: tables, and pictures with the ends of their file names and what they show.</summary>
internal sealed record Showing(IReadOnlyList<ResultTable> Tables, IReadOnlyList<(string File, string Caption, byte[] Png)> Pictures);
