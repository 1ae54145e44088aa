using System.CommandLine;
using System.Globalization;
using TorchSharp;

namespace EtfNet.Samples;

/// <summary>Tries to read an option's value; false: it is none.</summary>
public delegate bool OptionParser<T>(string text, out T value);

/// <summary>Makes options that every command of a program takes and whose errors are one line that says what would be right.</summary>
public static class OptionFactory
{
    /// <param name="name">Such as <c>--lr</c>.</param>
    /// <param name="description">What it is, for the help.</param>
    /// <param name="wanted">What a right value is: the error says "give " and this.</param>
    /// <param name="defaultValue">The value where the option is not given.</param>
    /// <param name="parser">Reads and checks the text.</param>
    public static Option<T> Create<T>(string name, string description, string wanted, T defaultValue, OptionParser<T> parser) => new(name)
    {
        Description = description,
        Recursive = true,
        Arity = ArgumentArity.ExactlyOne,
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (parser(text, out var value))
                return value;
            result.AddError($"{name} {text}: give {wanted}.");
            return default;
        },
    };

    public static Option<double> Number(string name, string description, string wanted, double defaultValue, Func<double, bool> isRight) =>
        Create(name, description, wanted, defaultValue, (string text, out double value) =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && isRight(value));

    public static Option<int> Count(string name, string description, int smallest, int defaultValue) =>
        Create(name, description, $"a whole number of at least {smallest}", defaultValue, (string text, out int value) =>
            int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value) && value >= smallest);

    public static Option<string> Choice(string name, string description, string defaultValue, params string[] choices) =>
        Create(name, description, $"one of {string.Join(", ", choices)}", defaultValue, (string text, out string value) =>
            choices.Contains(value = text, StringComparer.Ordinal));

    public static Option<string> Text(string name, string description, string wanted, string defaultValue) =>
        Create(name, description, wanted, defaultValue, (string text, out string value) => !string.IsNullOrWhiteSpace(value = text));

    public static Option<bool> Flag(string name, string description) => new(name) { Description = description, Recursive = true };

    /// <summary>The option that names what to compute on.</summary>
    public static Option<string> Device() => Choice("--device", "cpu or cuda", "cpu", "cpu", "cuda");

    /// <summary>What it names.</summary>
    /// <exception cref="SampleException">CUDA is asked for where there is none.</exception>
    public static torch.Device ToDevice(string name)
    {
        if (name == "cpu")
            return torch.CPU;
        return torch.cuda_is_available()
            ? torch.CUDA
            : throw new SampleException("--device cuda: no CUDA device to be seen; build with -p:TorchBackend=cuda on a machine that has one, or use --device cpu.");
    }
}
