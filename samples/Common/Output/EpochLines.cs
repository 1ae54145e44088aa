using System.Globalization;
using Spectre.Console;

namespace EtfNet.Samples;

/// <summary>Turns epochs into lines of text: figures in columns, fixed layers in brackets, then what was fixed and what is worth noting.</summary>
internal sealed class EpochLines(Action<string> write, int epochs, ProgressTask? task) : ITrainingListener
{
    private readonly HashSet<string> _shown = [];
    private int _fixed;

    public void BatchEnded(int epoch, int done, int total)
    {
        if (task is not null)
            task.Value = 100.0 * (epoch - 1 + ((double)done / total)) / epochs;
    }

    public void EpochEnded(EpochResult result)
    {
        var layers = Shorten(result.Layers.NccError);
        var isFixed = result.Layers.Fixed.Select(layer => layer.Name).ToHashSet();
        if (result.Epoch == 1)
            write($"{"epoch",7}  {"loss",6}  {"train",6}  {"test",6}  {"time",7}   NCC error: {string.Concat(layers.Select(layer => Cell(layer.Name, layer.Name)))}");
        var errors = layers.Select(layer => Cell(layer.Name, isFixed.Contains(layer.Key) ? $"[{Error(layer.Error)}]" : $"{Error(layer.Error)} "));
        write($"{$"{result.Epoch}/{epochs}",7}  {result.Loss,6:0.0000}  {result.TrainAccuracy,6:0.00%}  {result.TestAccuracy,6:0.00%}  {result.Seconds,6:0.00}s"
            + $"              {string.Concat(errors)}");
        foreach (var layer in result.Layers.Fixed.Skip(_fixed))
            write($"{"",9}fixed {layer.Name}: {layer.Frame}{Detail(", rank", layer.Rank)}{Detail(", output error", layer.OutputError)}{Detail(", in place:", layer.InPlaceReason)}");
        // A note whose figures alone have changed since it was shown is not shown again.
        foreach (var note in result.Layers.Notes.Where(note => _shown.Add(string.Concat(note.Where(letter => !char.IsAsciiDigit(letter))) + note.Split(':')[0])))
            write($"{"",9}{note}");
        _fixed = result.Layers.Fixed.Count;
    }

    /// <summary>The first and the last part of each name, where they tell the layers apart: block1.feedforward.up is block1.up.</summary>
    private static IReadOnlyList<(string Key, string Name, double? Error)> Shorten(IReadOnlyList<KeyValuePair<string, double?>> layers)
    {
        var names = layers.Select(layer => layer.Key.Split('.') is [var first, .., var last] ? $"{first}.{last}" : layer.Key).ToList();
        var areApart = names.Distinct().Count() == names.Count;
        return [.. layers.Select((layer, i) => (layer.Key, areApart ? names[i] : layer.Key, layer.Value))];
    }

    private static string Detail(string what, object? value) => value is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{what} {value:0.###}");

    private static string Error(double? error) => error?.ToString("0.000", null) ?? "-";

    private static string Cell(string layer, string text) => text.PadLeft(Math.Max(layer.Length, 7) + 1);
}
