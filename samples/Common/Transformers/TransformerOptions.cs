using System.CommandLine;

namespace EtfNet.Samples;

/// <summary>The options of all transformer samples, and what they stand for.</summary>
public sealed class TransformerOptions(TransformerDefaults defaults, Option<string> data)
{
    /// <summary>The layers of all feedforwards.</summary>
    public const string Feedforwards = "*.feedforward.*";

    private readonly Option<int> _width = OptionFactory.Count("--width", "Width of the tokens", 2, defaults.Width);
    private readonly Option<int> _heads = OptionFactory.Count("--heads", "Attention heads; they divide the width", 1, defaults.Heads);
    private readonly Option<int> _blocks = OptionFactory.Count("--blocks", "Transformer blocks", 1, defaults.Blocks);

    private readonly Option<double> _ratio = OptionFactory.Number(
        "--ratio", "Hidden units of the feedforwards, as a multiple of the width", "a number above 0", defaults.Ratio, value => value > 0 && double.IsFinite(value));

    private readonly Option<double> _dropout = OptionFactory.Number(
        "--dropout", "Dropout in and behind the feedforwards and behind attention", "a number from 0 to below 1", defaults.Dropout, value => value is >= 0 and < 1);

    private readonly Option<double> _depth = OptionFactory.Number(
        "--stochastic-depth", "Chance that a sample skips a residual branch", "a number from 0 to below 1", 0, value => value is >= 0 and < 1);

    private readonly Option<string> _fix = OptionFactory.Choice(
        "--fix", "Projections of the ETF-Transformer's feedforwards that are fixed: both, up or down", "both", "both", "up", "down");

    private readonly Option<string> _frame = OptionFactory.Choice(
        "--frame", "Frames of the ETF-Transformer: random, dense (random) or, at ratio 1, identity", "random", "random", "dense", "identity");

    private readonly Option<bool> _noUnitScale = OptionFactory.Flag("--no-unit-scale", "No trained factor for each output of a fixed projection");

    private readonly Option<double> _epsilon = OptionFactory.Number(
        "--epsilon", "adaptive: NCC error at or below which a projection is fixed", "a number above 0 and below 1, as in 0.2", defaults.Epsilon, value => value is > 0 and < 1);

    private readonly Option<int> _learn = OptionFactory.Count("--learn", "adaptive: epochs in which nothing is fixed", 0, defaults.LearnEpochs);

    private readonly Option<string> _fixFrame = OptionFactory.Choice(
        "--switch-frame", "adaptive: frame of a fixed projection, aligned or nearest", defaults.FixFrame, "aligned", "nearest");

    private readonly Option<int> _rank = OptionFactory.Count("--rank", "adaptive: most directions of an aligned frame", 1, defaults.Rank);

    private readonly Option<double> _outputError = OptionFactory.Number(
        "--output-error", "adaptive: relative output error above which a projection waits", "a number above 0", defaults.MaxOutputError, value => value > 0);

    public TrainingOptions Training { get; } = new(defaults.Recipe, defaults.Out, data, defaults.AreImages);

    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
            { _width, _heads, _blocks, _ratio, _dropout, _depth, _fix, _frame, _noUnitScale, _epsilon, _learn, _fixFrame, _rank, _outputError })
            command.Options.Add(option);
        Training.AddTo(command);
    }

    public double Epsilon(ParseResult result) => result.GetValue(_epsilon);

    public TransformerShape Shape(ParseResult result, TrainingRecipe recipe)
    {
        var dropout = result.GetValue(_dropout);
        return new TransformerShape(result.GetValue(_width), result.GetValue(_heads), result.GetValue(_blocks), new EtfTransformerOptions
        {
            Dropout = dropout,
            StochasticDepth = result.GetValue(_depth),
            FeedForward = new EtfFeedForwardOptions
            {
                WidthRatio = result.GetValue(_ratio),
                Dropout = dropout,
                Fixed = result.GetValue(_fix) switch { "up" => FixedProjections.Up, "down" => FixedProjections.Down, _ => FixedProjections.Both },
                Frame = result.GetValue(_frame) switch
                {
                    "identity" => EtfFrame.Identity,
                    "dense" => EtfFrame.DenseRandom(recipe.Seed),
                    _ => EtfFrame.Random(recipe.Seed),
                },
                HasUnitScale = !result.GetValue(_noUnitScale),
            },
        });
    }

    /// <summary>What is measured where nothing is fixed during training.</summary>
    public MonitoredMethod Monitored(ParseResult result) =>
        new(Epsilon(result), new NccMonitorOptions { Include = [Feedforwards], Pooling = FeaturePooling.ClassToken });

    public AdaptiveMethod Adaptive(ParseResult result) => new(new AdaptiveEtfOptions
    {
        Epsilon = Epsilon(result),
        WarmupEpochs = result.GetValue(_learn),
        MaxOutputError = result.GetValue(_outputError),
        Frame = (result.GetValue(_fixFrame) == "nearest" ? EtfFrame.Nearest : EtfFrame.Aligned(result.GetValue(_rank))).OrColumns,
        Include = [Feedforwards],
        Pooling = FeaturePooling.ClassToken,
    });
}
