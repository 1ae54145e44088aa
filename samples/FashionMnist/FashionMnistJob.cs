using System.CommandLine;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>Trains multi-layer perceptrons on Fashion-MNIST, one method after the other.</summary>
internal static class FashionMnistJob
{
    public static int Run(FashionMnistOptions options, ParseResult parsed, IAnsiConsole console, params (string Name, LayerMethod Method)[] methods)
    {
        var network = options.Network(parsed);
        return TrainingJob.Run(options.Training, parsed, console, options.Epsilon(parsed), recipe =>
        {
            var data = FashionMnist.Load(options.Training.Data(parsed));
            var (train, test) = TensorSet.Standardize(data, recipe.Device);
            return new TrainingTask(data.Description, $"{network}, {data.Train.PixelsPerImage} inputs, {data.ClassCount} classes", train, test,
                [.. methods.Select(run => new TrainingRun(run.Name, () => network.Create(data.Train.PixelsPerImage, data.ClassCount), run.Method))]);
        });
    }
}
