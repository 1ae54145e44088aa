using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>Shows runs as they go: a line an epoch, and on a terminal a progress bar below them.</summary>
public sealed class TrainingConsole(IAnsiConsole console, bool quiet)
{
    /// <summary>Writes a line as it is, whatever the width.</summary>
    public void Line(string text = "")
    {
        if (!quiet)
            console.Profile.Out.Writer.WriteLine(text);
    }

    /// <summary>Runs <paramref name="train"/> with a listener that shows its epochs.</summary>
    public void Track(string run, int epochs, Action<ITrainingListener> train)
    {
        if (quiet)
        {
            train(new Silent());
        }
        else if (!console.Profile.Capabilities.Interactive)
        {
            train(new EpochLines(Line, epochs, task: null));
        }
        else
        {
            var columns = new ProgressColumn[] { new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn() };
            console.Progress().AutoClear(true).Columns(columns).Start(context =>
                train(new EpochLines(text => console.WriteLine(text), epochs, context.AddTask(run))));
        }
    }

    private sealed class Silent : ITrainingListener
    {
        public void EpochEnded(EpochResult result)
        {
        }
    }
}
