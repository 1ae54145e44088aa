using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>A vision transformer on Fashion-MNIST.</summary>
internal static class VisionTransformerProgram
{
    private const int DefaultPatch = 4;

    public static readonly TransformerDefaults Defaults = new("out/VisionTransformer", new TrainingRecipe
    {
        Optimizer = OptimizerKind.AdamW,
        Epochs = 8,
        BatchSize = 128,
        LearningRate = 2e-3,
        WeightDecay = 0.05,
    });

    public static int Run(string[] args, IAnsiConsole console, TextWriter error)
    {
        var patch = OptionFactory.Count("--patch", "Side of the square patches, in pixels", 1, DefaultPatch);
        var options = new TransformerOptions(Defaults, FashionMnist.DataOption());
        return new TransformerProgram(
            "Trains vision transformers on Fashion-MNIST: with learned feedforwards, with simplex ETFs from the start, and fixed during training.",
            options, (parsed, recipe) => Load(options.Training.Data(parsed), parsed.GetValue(patch), recipe)).Run(args, console, error, patch);
    }

    /// <exception cref="SampleException">There is no such data, or the images cannot be cut into such patches.</exception>
    private static TransformerData Load(string choice, int patch, TrainingRecipe recipe)
    {
        var data = FashionMnist.Load(choice);
        var (height, width) = (data.Train.Height, data.Train.Width);
        if (height % patch != 0 || width % patch != 0)
            throw new SampleException($"--patch {patch} does not divide images of {height} x {width}; give a side that divides both.");
        var (train, test) = TensorSet.Standardize(data, recipe.Device);
        return new TransformerData(data.Description, train, test, data.ClassCount, height / patch * (width / patch), size => new PatchEmbedding(height, width, patch, size));
    }
}
