using System.Globalization;
using System.Text;

namespace EtfNet.Samples;

/// <summary>The content of <c>history.csv</c>: a line for each epoch of each run, with the NCC error of each layer.</summary>
public static class History
{
    public static byte[] ToCsv(IReadOnlyList<(string Name, IReadOnlyList<EpochResult> Epochs)> runs)
    {
        var layers = runs.SelectMany(run => run.Epochs[^1].Layers.NccError.Select(layer => layer.Key)).Distinct().ToArray();
        var csv = new StringBuilder("run,epoch,loss,learningRate,trainAccuracy,testAccuracy,seconds,monitoringSeconds,trainableParameters,fixedLayers");
        csv.AppendJoin("", layers.Select(layer => $",nccError:{layer}")).Append('\n');
        foreach (var (name, epochs) in runs)
        {
            foreach (var epoch in epochs)
                csv.AppendJoin(',', Values(name, epoch, layers)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(csv.ToString());
    }

    private static IEnumerable<string> Values(string run, EpochResult epoch, string[] layers) =>
    [
        run, $"{epoch.Epoch}", Number(epoch.Loss), Number(epoch.LearningRate), Number(epoch.TrainAccuracy), Number(epoch.TestAccuracy),
        Number(epoch.Seconds), Number(epoch.MonitoringSeconds), $"{epoch.Footprint.TrainableParameters}",
        string.Join(' ', epoch.Layers.Fixed.Select(layer => layer.Name)),
        .. layers.Select(name => epoch.Layers.NccError.FirstOrDefault(layer => layer.Key == name).Value is { } error ? Number(error) : ""),
    ];

    private static string Number(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
