using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>Checks everything that can be checked, trains one network after the other and shows what came out.</summary>
internal static class FashionMnistJob
{
    public static int Run(FashionMnistOptions options, ParseResult parsed, IAnsiConsole console, params (string Name, LayerMethod Method)[] runs)
    {
        using var stop = new StopSignal();
        var network = options.Network(parsed);
        var recipe = options.Training.Recipe(parsed);
        var folder = OutputFolder.Create(options.Training.Out(parsed));
        var data = FashionMnist.Load(options.Training.Data(parsed));

        var screen = new TrainingConsole(console, options.Training.Quiet(parsed));
        var hardware = Hardware.Describe(recipe);
        screen.Line($"data      {data.Description}");
        screen.Line($"hardware  {hardware}");
        screen.Line($"network   {network}, {data.Train.PixelsPerImage} inputs, {data.ClassCount} classes");
        screen.Line($"training  {recipe}");
        screen.Line($"output    {folder.Path}");

        var recorder = new RunRecorder(folder, data.Description, hardware);
        var (train, test) = TensorSet.Standardize(data, recipe.Device);
        using (train)
        using (test)
        {
            try
            {
                var trainer = new Trainer(train, test, recipe);
                foreach (var (name, method) in runs)
                {
                    screen.Line();
                    screen.Line($"{name}: {method}");
                    var record = recorder.Begin(name);
                    screen.Track(name, recipe.Epochs, shown => trainer.Run(
                        () => network.Create(data.Train.PixelsPerImage, data.ClassCount), method, new TrainingListeners(record, shown), stop.Token));
                }
            }
            finally
            {
                // Also after Ctrl+C: what finished is shown.
                if (recorder.Runs.Count > 0)
                    Pictures.Write(folder, recorder.Runs, options.Epsilon(parsed));
            }
        }

        screen.Line();
        RunTable.Write(console, recorder.Runs);
        screen.Line();
        screen.Line($"written to {folder.Path}: {RunRecorder.SummaryFile}, {RunRecorder.HistoryFile}, {Pictures.NccErrorFile}, {Pictures.AccuracyFile}");
        return ExitCode.Success;
    }
}
