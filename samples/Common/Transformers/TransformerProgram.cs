using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>The commands of a transformer sample.</summary>
/// <param name="description">What the program shows, for the help.</param>
/// <param name="options">Its options.</param>
/// <param name="load">Loads the data.</param>
public sealed class TransformerProgram(string description, TransformerOptions options, Func<ParseResult, TrainingRecipe, TransformerData> load)
{
    private const string Baseline = "baseline";
    private const string Etf = "etf";
    private const string Adaptive = "adaptive";

    /// <param name="args">The command line.</param>
    /// <param name="console">Where to show the runs.</param>
    /// <param name="error">Where to say what is wrong.</param>
    /// <param name="more">Further options of the sample's own.</param>
    /// <returns>The exit code.</returns>
    public int Run(string[] args, IAnsiConsole console, TextWriter error, params Option[] more)
    {
        var root = new RootCommand(description);
        options.AddTo(root);
        foreach (var option in more)
            root.Options.Add(option);
        root.SetAction(parsed => Train(parsed, console, Baseline, Etf, Adaptive));

        var compare = new Command("compare", "Trains a learned transformer, an ETF-Transformer and an adaptive one (the default command)");
        compare.SetAction(parsed => Train(parsed, console, Baseline, Etf, Adaptive));
        root.Subcommands.Add(compare);

        var method = OptionFactory.Choice("--method", "What to train", Etf, Baseline, Etf, Adaptive);
        var train = new Command("train", "Trains one of them") { method };
        train.SetAction(parsed => Train(parsed, console, parsed.GetRequiredValue(method)));
        root.Subcommands.Add(train);
        return SampleHost.Run(root, args, console.Profile.Out.Writer, error);
    }

    private int Train(ParseResult parsed, IAnsiConsole console, params string[] methods)
    {
        var shape = options.Shape(parsed, options.Training.Recipe(parsed));
        Check(shape);
        return TrainingJob.Run(options.Training, parsed, console, options.Epsilon(parsed), recipe =>
        {
            var data = load(parsed, recipe);
            return new TrainingTask(data.Description, $"{shape}, at most {data.Tokens} tokens, {data.ClassCount} classes", data.Train, data.Test,
                [.. methods.Select(name => new TrainingRun(
                    name,
                    () => new TransformerClassifier(data, shape, learned: name != Etf),
                    name == Adaptive ? options.Adaptive(parsed) : options.Monitored(parsed)))]);
        });
    }

    /// <exception cref="SampleException">Heads, ratio or frame do not suit the width.</exception>
    private static void Check(TransformerShape shape)
    {
        try
        {
            using var probe = shape.CreateBlock(1, learned: false);
        }
        catch (ArgumentException error)
        {
            throw new SampleException($"--width {shape.Width}, --heads {shape.Heads}, --ratio {shape.Block.FeedForward.WidthRatio} and --frame do not suit each other: {error.Message}", error);
        }
    }
}
