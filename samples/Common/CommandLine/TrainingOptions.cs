using System.CommandLine;
using System.Globalization;

namespace EtfNet.Samples;

/// <summary>The options about data, training and output that all samples share.</summary>
/// <param name="defaults">The recipe of a run without options; its optimizer decides which options there are.</param>
/// <param name="defaultOut">The output folder of a run without options.</param>
/// <param name="data">The option that names the data.</param>
/// <param name="areImages">Whether the data are images, that can be mirrored.</param>
public sealed class TrainingOptions(TrainingRecipe defaults, string defaultOut, Option<string> data, bool areImages = false)
{
    private const string None = "none";

    private readonly Option<int> _epochs = OptionFactory.Count("--epochs", "Epochs of each run", 1, defaults.Epochs);
    private readonly Option<int> _batch = OptionFactory.Count("--batch", "Samples a batch", 2, defaults.BatchSize);

    private readonly Option<double> _learningRate = OptionFactory.Number(
        "--lr", "Learning rate", "a number above 0", defaults.LearningRate, value => value > 0 && double.IsFinite(value));

    private readonly Option<double> _momentum = OptionFactory.Number(
        "--momentum", "Momentum of SGD", "a number from 0 to below 1", defaults.Momentum, value => value is >= 0 and < 1);

    private readonly Option<double> _weightDecay = OptionFactory.Number(
        "--weight-decay", "Weight decay", "a number of at least 0", defaults.WeightDecay, value => value >= 0 && double.IsFinite(value));

    private readonly Option<string> _milestones = OptionFactory.Create(
        "--milestones", "Epochs after which the learning rate is cut to a tenth, or none", "ascending epochs such as 7,14, or none",
        defaults.Milestones.Count == 0 ? None : string.Join(',', defaults.Milestones),
        (string text, out string value) => TryParseMilestones(value = text, out _));

    private readonly Option<int> _warmup = OptionFactory.Count(
        "--warmup", "Epochs in which the learning rate rises, before it falls on a cosine", 0, defaults.WarmupEpochs);

    private readonly Option<bool> _mirror = OptionFactory.Flag("--mirror", "Each training image is mirrored, left to right, with a chance of one half");

    private readonly Option<int> _seed = OptionFactory.Count("--seed", "Seed of initialization and of the batches' order", 0, defaults.Seed);

    private readonly Option<int> _threads = OptionFactory.Count(
        "--threads", "Threads to compute with; by default the number of cores", 1, defaults.Threads);

    private readonly Option<string> _device = OptionFactory.Device();
    private readonly Option<string> _out = OptionFactory.Text("--out", "Folder for summary.json, history.csv and pictures", "a folder", defaultOut);
    private readonly Option<bool> _quiet = OptionFactory.Flag("--quiet", "No progress, only the table");

    /// <summary>Adds them to a command and all its subcommands.</summary>
    public void AddTo(Command command)
    {
        Option[] schedule = defaults.Optimizer == OptimizerKind.Sgd ? [_momentum, _weightDecay, _milestones] : [_weightDecay, _warmup];
        Option[] augmentation = areImages ? [_mirror] : [];
        foreach (var option in (Option[])[data, _epochs, _batch, _learningRate, .. schedule, .. augmentation, _seed, _threads, _device, _out, _quiet])
            command.Options.Add(option);
    }

    public string Data(ParseResult result) => result.GetRequiredValue(data);

    public string Out(ParseResult result) => result.GetRequiredValue(_out);

    public bool Quiet(ParseResult result) => result.GetValue(_quiet);

    /// <exception cref="SampleException">CUDA is asked for where there is none.</exception>
    public TrainingRecipe Recipe(ParseResult result) => defaults with
    {
        Epochs = result.GetValue(_epochs),
        BatchSize = result.GetValue(_batch),
        LearningRate = result.GetValue(_learningRate),
        Momentum = defaults.Optimizer == OptimizerKind.Sgd ? result.GetValue(_momentum) : defaults.Momentum,
        WeightDecay = result.GetValue(_weightDecay),
        Milestones = defaults.Optimizer == OptimizerKind.Sgd && TryParseMilestones(result.GetRequiredValue(_milestones), out var milestones) ? milestones : [],
        WarmupEpochs = defaults.Optimizer == OptimizerKind.AdamW ? result.GetValue(_warmup) : defaults.WarmupEpochs,
        Mirror = areImages && result.GetValue(_mirror) ? true : null,
        Seed = result.GetValue(_seed),
        Threads = result.GetValue(_threads),
        Device = OptionFactory.ToDevice(result.GetRequiredValue(_device)),
    };

    private static bool TryParseMilestones(string text, out IReadOnlyList<int> milestones)
    {
        milestones = [];
        if (text == None)
            return true;
        var epochs = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.Integer, CultureInfo.InvariantCulture, out var epoch) || epoch <= epochs.LastOrDefault())
                return false;
            epochs.Add(epoch);
        }

        milestones = epochs;
        return true;
    }
}
