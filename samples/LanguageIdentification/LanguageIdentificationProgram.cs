using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>A transformer over bytes that tells in which language a sentence is.</summary>
internal static class LanguageIdentificationProgram
{
    private const int DefaultLength = 64;

    public static readonly TransformerDefaults Defaults = new("out/LanguageIdentification", new TrainingRecipe
    {
        Optimizer = OptimizerKind.AdamW,
        Epochs = 8,
        BatchSize = 64,
        LearningRate = 2e-3,
        WeightDecay = 0.05,
    })
    {
        Blocks = 2,
    };

    public static int Run(string[] args, IAnsiConsole console, TextWriter error)
    {
        var length = OptionFactory.Count("--length", "Bytes of a text that are read", 4, DefaultLength);
        var test = OptionFactory.Create<string?>(
            "--test", "File of label<TAB>text lines to test with; by default every fifth line of a label in --data", "a file", null,
            (string text, out string? value) => !string.IsNullOrWhiteSpace(value = text));
        var data = OptionFactory.Text("--data", "embedded, or a file of label<TAB>text lines", "embedded or a file", TextData.Embedded);
        var options = new TransformerOptions(Defaults, data);
        return new TransformerProgram(
            "Trains transformers that tell languages apart: with learned feedforwards, with simplex ETFs from the start, and fixed during training.",
            options, (parsed, recipe) => Load(TextData.Load(options.Training.Data(parsed), parsed.GetValue(test)), parsed.GetValue(length), recipe))
            .Run(args, console, error, length, test);
    }

    private static TransformerData Load(TextData data, int length, TrainingRecipe recipe) => new(
        data.Description,
        ByteTokens.Encode(data.Train, data.Classes, length, recipe.Device),
        ByteTokens.Encode(data.Test, data.Classes, length, recipe.Device),
        data.Classes.Count, length,
        width => new ByteEmbedding(width),
        input => input.eq(ByteTokens.Padding));
}
