namespace EtfNet.Samples;

/// <summary>Lines, fitted to the width of a terminal, and below them one that is overwritten: how far a run is.</summary>
/// <param name="output">Where to write.</param>
/// <param name="width">The width of the terminal; null: output goes elsewhere, and nothing is fitted or overwritten.</param>
/// <param name="clock">What times are taken from.</param>
public sealed class Screen(TextWriter output, int? width, TimeProvider clock)
{
    private const string Erase = "\r\u001b[2K";
    private const int Indent = 9;

    /// <summary>No estimate is made of less.</summary>
    private const int SoonestSeconds = 5;

    private readonly HashSet<string> _notes = [];
    private string _shown = "";
    private long _start;
    private int _fixed;

    public static Screen Standard { get; } = new(Console.Out, Console.IsOutputRedirected ? null : Console.WindowWidth, TimeProvider.System);

    public static Screen Silent { get; } = new(TextWriter.Null, null, TimeProvider.System);

    /// <summary>Writes lines.</summary>
    /// <returns>The exit code of success: it is what programs end with.</returns>
    public int Show(string text)
    {
        text.TrimEnd('\n').Split('\n').ToList().ForEach(Line);
        return SampleProgram.Success;
    }

    /// <summary>Writes a line, on a terminal broken at spaces.</summary>
    public void Line(string text = "")
    {
        output.Write(_shown.Length > 0 ? Erase : "");
        _shown = "";
        while (width > 2 * Indent && text.Length > width && text.LastIndexOf(' ', width.Value, width.Value - Indent) is > 0 and var cut)
        {
            output.WriteLine(text[..cut].TrimEnd());
            text = new string(' ', Indent) + text[cut..].TrimStart();
        }

        output.WriteLine(text);
    }

    /// <summary>Shows how far a run is, and what is left of it once that can be told.</summary>
    public void Progress(string run, double share)
    {
        var spent = clock.GetElapsedTime(_start);
        var left = TimeSpan.FromSeconds((int)(spent.TotalSeconds * (1 - share) / share));
        var isKnown = spent.TotalSeconds > SoonestSeconds && share > 0.05;
        var line = $"{run}: {100 * share:0}%{(isKnown ? $", about {left} left" : "")}";
        // Some terminals do not tell their width: 0.
        if (width is not { } most || (line = line[..Math.Clamp(most - 1, 0, line.Length)]) == _shown)
            return;
        output.Write(Erase + line);
        _shown = line;
    }

    /// <summary>Says what a run is, and begins to take its time.</summary>
    public void Begin(string run)
    {
        Show(run);
        (_start, _fixed) = (clock.GetTimestamp(), 0);
        _notes.Clear();
    }

    /// <summary>Shows an epoch: figures, the layers' errors, in brackets where one is fixed, then what was fixed and what waits.</summary>
    public void Epoch(EpochResult result, int epochs)
    {
        if (_notes.Add(""))
            Show($"  layers  {string.Join(", ", result.Layers.Select(layer => layer.Name))}\n"
                + "   epoch    loss    train     test     time  NCC error per layer, [fixed]");
        var isFixed = result.Fixed.Select(layer => layer.Layer).ToHashSet();
        var errors = result.Layers.Select(layer => layer.NccError is not { } error ? "  -   "
            : isFixed.Contains(layer.Name) ? $"[{error:.000}]" : $" {error:.000} ");
        Line($"{$"{result.Epoch}/{epochs}",8}  {result.Loss,6:0.0000}  {100 * result.TrainAccuracy,6:0.00}%  "
            + $"{100 * result.TestAccuracy,6:0.00}%  {result.Seconds,6:0.00}s  {string.Concat(errors)}".TrimEnd());
        foreach (var layer in result.Fixed.Skip(_fixed))
            Line($"         fixed {layer.Layer}: {layer.Frame}{(layer.Rank is { } rank ? $", rank {rank}" : "")}"
                + (layer.OutputError is { } error ? $", output error {error:0.000}" : "")
                + (layer.InPlace is { } reason ? $", in place: {reason}" : ""));
        // A note whose figures alone have changed is not shown again.
        foreach (var layer in result.Layers.Where(one => one.Note is { } note && _notes.Add(one.Name + Regex.Replace(note, "[0-9]+", ""))))
            Line($"         {layer.Name}: {layer.Note}");
        _fixed = result.Fixed.Count;
    }
}
