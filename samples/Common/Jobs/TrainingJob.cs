using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>Checks everything that can be checked, trains one network after the other and shows what came out.</summary>
public static class TrainingJob
{
    /// <param name="options">The options that all samples share.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="console">Where to show it.</param>
    /// <param name="epsilon">The NCC error at or below which a layer counts as collapsed.</param>
    /// <param name="load">Loads the data; called once the output folder is known to be writable.</param>
    /// <returns>The exit code.</returns>
    public static int Run(TrainingOptions options, ParseResult parsed, IAnsiConsole console, double epsilon, Func<TrainingRecipe, TrainingTask> load)
    {
        using var stop = new StopSignal();
        var recipe = options.Recipe(parsed);
        var folder = OutputFolder.Create(options.Out(parsed));
        using var task = load(recipe);

        var screen = new TrainingConsole(console, options.Quiet(parsed));
        var hardware = Hardware.Describe(recipe);
        screen.Line($"data      {task.Data}");
        screen.Line($"hardware  {hardware}");
        screen.Line($"network   {task.Network}");
        screen.Line($"training  {recipe}");
        screen.Line($"output    {folder.Path}");

        var recorder = new RunRecorder(folder, task.Data, hardware);
        try
        {
            var trainer = new Trainer(task.Train, task.Test, recipe);
            foreach (var run in task.Runs)
            {
                screen.Line();
                screen.Line($"{run.Name}: {run.Method}");
                var record = recorder.Begin(run.Name);
                screen.Track(run.Name, recipe.Epochs, shown => trainer.Run(run.CreateModel, run.Method, new TrainingListeners(record, shown), stop.Token));
            }
        }
        finally
        {
            // Also after Ctrl+C: what finished is shown.
            if (recorder.Runs.Count > 0)
                Pictures.Write(folder, recorder.Runs, epsilon);
        }

        screen.Line();
        RunTable.Write(console, recorder.Runs);
        screen.Line();
        screen.Line($"written to {folder.Path}: {RunRecorder.SummaryFile}, {RunRecorder.HistoryFile}, {Pictures.NccErrorFile}, {Pictures.AccuracyFile}");
        return ExitCode.Success;
    }
}
