using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>The commands of the main job.</summary>
internal static class FashionMnistProgram
{
    private const string Baseline = "baseline";
    private const string Adaptive = "adaptive";
    private const string Static = "static";

    public static int Run(string[] args, IAnsiConsole console, TextWriter error)
    {
        var options = new FashionMnistOptions();
        var root = new RootCommand("Trains a network on Fashion-MNIST and shows what fixing its collapsed layers as simplex ETFs saves, at what accuracy.");
        options.AddTo(root);
        root.SetAction(parsed => Compare(options, parsed, console));
        root.Subcommands.Add(CompareCommand(options, console));
        root.Subcommands.Add(TrainCommand(options, console));
        root.Subcommands.Add(StaticCommand(options, console));
        return SampleHost.Run(root, args, console.Profile.Out.Writer, error);
    }

    private static Command CompareCommand(FashionMnistOptions options, IAnsiConsole console)
    {
        var command = new Command("compare", "Trains a baseline and an Adaptive-ETF network from the same start (the default command)");
        command.SetAction(parsed => Compare(options, parsed, console));
        return command;
    }

    private static int Compare(FashionMnistOptions options, ParseResult parsed, IAnsiConsole console) => FashionMnistJob.Run(
        options, parsed, console, (Baseline, new MonitoredMethod(options.Epsilon(parsed))), (Adaptive, new AdaptiveMethod(options.Adaptive(parsed))));

    private static Command TrainCommand(FashionMnistOptions options, IAnsiConsole console)
    {
        var method = OptionFactory.Choice("--method", "What to train", Adaptive, Adaptive, Baseline);
        var command = new Command("train", "Trains one network") { method };
        command.SetAction(parsed => FashionMnistJob.Run(options, parsed, console, parsed.GetRequiredValue(method) == Baseline
            ? (Baseline, new MonitoredMethod(options.Epsilon(parsed)))
            : (Adaptive, new AdaptiveMethod(options.Adaptive(parsed)))));
        return command;
    }

    private static Command StaticCommand(FashionMnistOptions options, IAnsiConsole console)
    {
        var layers = OptionFactory.Text(
            "--layers", "Layers to fix, by name or pattern: linear1, linear2, ..., head; by default from the fourth on", "names such as linear6,linear7,head", "");
        var command = new Command("static", "Trains one network with given layers fixed from the start (the paper's Figure 1)") { layers };
        command.SetAction(parsed =>
        {
            var names = parsed.GetRequiredValue(layers) is { Length: > 0 } given ? given.Split(',') : DefaultLayers(options.Network(parsed));
            return FashionMnistJob.Run(options, parsed, console, (Static, new MonitoredMethod(options.Epsilon(parsed), frame: options.Frame(parsed), layers: names)));
        });
        return command;
    }

    private static string[] DefaultLayers(Mlp network) => [.. network.LayerNames.Skip(Math.Min(Defaults.FixFrom - 1, network.HiddenLayers))];
}
