using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>A vision transformer on Fashion-MNIST.</summary>
internal static class VisionTransformerProgram
{
    private const int DefaultPatch = 4;

    public static readonly TransformerDefaults Defaults = new("out/VisionTransformer", PatchedImages.Recipe) { AreImages = true };

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
        var (train, test) = TensorSet.Standardize(data, recipe.Device);
        try
        {
            return PatchedImages.Cut(data, train, test, patch);
        }
        catch (SampleException)
        {
            train.Dispose();
            test.Dispose();
            throw;
        }
    }
}
