using System.CommandLine;
using System.Globalization;

namespace EtfNet.Samples;

/// <summary>The options of the main job, and what they stand for.</summary>
internal sealed class FashionMnistOptions
{
    private readonly Option<Shape> _hidden = OptionFactory.Create(
        "--hidden", "Width and number of hidden layers", "WIDTHxLAYERS, as in 400x7",
        new Shape(Defaults.Network.Width, Defaults.Network.HiddenLayers), Shape.TryParse);

    private readonly Option<bool> _batchNorm = OptionFactory.Flag("--batch-norm", "Batch norm after each hidden layer (the default)");
    private readonly Option<bool> _noBatchNorm = OptionFactory.Flag("--no-batch-norm", "No batch norm");

    private readonly Option<double> _epsilon = OptionFactory.Number(
        "--epsilon", "NCC error at or below which a layer is fixed", "a number above 0 and below 1, as in 0.05", Defaults.Epsilon, value => value is > 0 and < 1);

    private readonly Option<int?> _patience = OptionFactory.Create(
        "--patience", "Epochs in a row at or below epsilon before a layer is fixed; by default the policy's", "a whole number of at least 1", null,
        (string text, out int? value) =>
            (value = int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var epochs) ? epochs : null) >= 1);

    private readonly Option<string?> _frame = OptionFactory.Create(
        "--frame", "Frame of a fixed layer: identity, nearest or aligned; by default the policy's", "one of identity, nearest, aligned", null,
        (string text, out string? value) => (value = text) is "identity" or "nearest" or "aligned");

    private readonly Option<string> _policy = OptionFactory.Choice(
        "--policy", "When layers are fixed: default (this library's) or paper", "default", "default", "paper");

    private readonly Option<double?> _outputError = Limit("--max-output-error", "Relative output error of a frame above which its layer waits; by default the policy's");
    private readonly Option<double?> _errorRise = Limit("--max-error-rise", "Rise of the outputs' NCC error by a switch above which a layer waits; by default the policy's");

    public TrainingOptions Training { get; } = new(Defaults.Recipe, Defaults.Out, FashionMnist.DataOption());

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _hidden, _batchNorm, _noBatchNorm, _epsilon, _patience, _frame, _policy, _outputError, _errorRise })
            command.Options.Add(option);
        Training.AddTo(command);
    }

    public double Epsilon(ParseResult result) => result.GetValue(_epsilon);

    /// <exception cref="SampleException">Batch norm is both asked for and refused.</exception>
    public Mlp Network(ParseResult result)
    {
        if (result.GetValue(_batchNorm) && result.GetValue(_noBatchNorm))
            throw new SampleException("--batch-norm and --no-batch-norm exclude each other; give one of them.");
        var (width, layers) = result.GetRequiredValue(_hidden);
        return new Mlp(width, layers, !result.GetValue(_noBatchNorm));
    }

    public EtfFrame? Frame(ParseResult result) => result.GetValue(_frame) switch
    {
        "identity" => EtfFrame.Identity,
        "nearest" => EtfFrame.Nearest,
        "aligned" => EtfFrame.Aligned(2 * FashionMnist.ClassCount),
        _ => null,
    };

    public AdaptiveEtfOptions Adaptive(ParseResult result)
    {
        var options = (result.GetValue(_policy) == "paper" ? AdaptiveEtfOptions.Paper : new AdaptiveEtfOptions()) with { Epsilon = Epsilon(result) };
        if (result.GetValue(_patience) is { } patience)
            options = options with { Patience = patience };
        if (result.GetValue(_outputError) is { } outputError)
            options = options with { MaxOutputError = outputError };
        if (result.GetValue(_errorRise) is { } errorRise)
            options = options with { MaxErrorRise = errorRise };
        return Frame(result) is { } frame ? options with { Frame = frame } : options;
    }

    private sealed record Shape(int Width, int Layers)
    {
        public override string ToString() => $"{Width}x{Layers}";

        public static bool TryParse(string text, out Shape shape)
        {
            var (width, layers) = (0, 0);
            var isRight = text.Split('x') is [var first, var second] && Positive(first, out width) && Positive(second, out layers);
            shape = new Shape(width, layers);
            return isRight;
        }

        private static bool Positive(string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0;
    }

    private static Option<double?> Limit(string name, string description) => OptionFactory.Create(
        name, description, "a number above 0, as in 0.5", null,
        (string text, out double? value) => (value = double.TryParse(text, CultureInfo.InvariantCulture, out var limit) ? limit : null) > 0);
}
