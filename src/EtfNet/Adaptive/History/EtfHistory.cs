namespace EtfNet;

/// <summary>The reports of a training, epoch by epoch: as CSV, as JSON, and as a page of curves.</summary>
/// <remarks>
/// The training program owns it and adds the report of each epoch. It has no tensors, and is not thread-safe.
/// </remarks>
/// <example>
/// <code>
/// var history = new EtfHistory { Epsilon = etf.Options.Epsilon };
/// for (var epoch = 1; epoch &lt;= epochs; epoch++)
/// {
///     // ... the steps of the epoch ...
///     var accuracy = Validate(model);
///     history.Add(etf.EndEpoch(), new EpochFigures { Accuracy = accuracy, Footprint = model.MeasureFootprint(optimizer) });
///     history.SaveHtml("history.html");
/// }
/// </code>
/// </example>
public sealed class EtfHistory
{
    private readonly List<EtfHistoryEpoch> _epochs = [];

    /// <summary>Gets the heading of the page of curves.</summary>
    /// <value>The default is <c>Layer collapse</c>.</value>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    public string Title { get; init => field = value ?? throw new ArgumentNullException(nameof(Title)); } = "Layer collapse";

    /// <summary>Gets the error at or below which layers are fixed: a line among the curves.</summary>
    /// <value>In (0, 1). The default is null: no line.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value lies outside (0, 1).</exception>
    public double? Epsilon
    {
        get;
        init => field = value is null or (> 0 and < 1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Epsilon), value, "Must lie in (0, 1).");
    }

    /// <summary>Gets the epochs in the order in which they were added.</summary>
    public IReadOnlyList<EtfHistoryEpoch> Epochs => _epochs;

    /// <summary>Adds the report of an epoch.</summary>
    /// <param name="report">The report that <see cref="AdaptiveEtfScheduler.EndEpoch()"/> returned.</param>
    /// <param name="figures">What else was measured in the epoch; null for nothing.</param>
    /// <exception cref="ArgumentNullException"><paramref name="report"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The report's epoch is not after the last one, or its layers are those of another model (with <see cref="TailPolicy.Cut"/> they may
    /// change). Nothing was added.
    /// </exception>
    public void Add(EtfReport report, EpochFigures? figures = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (_epochs is [.., { Report: var last }])
        {
            if (report.Epoch <= last.Epoch)
                throw new ArgumentException(
                    $"The report is of epoch {report.Epoch}; the history already has epoch {last.Epoch}. "
                    + "Add each report once, in order, and begin a new history for a new training.",
                    nameof(report));
            var known = last.Layers.Select(layer => layer.Name).ToHashSet();
            // A cut removes layers and adds a head; a revert undoes both.
            if (report.Tail is null && !known.SetEquals(report.Layers.Select(layer => layer.Name)))
                throw new ArgumentException(
                    $"The report has the layers {Names(report)}; the history has {Names(last)}. "
                    + "Begin a new history for another model.",
                    nameof(report));
        }

        _epochs.Add(new EtfHistoryEpoch(report, figures ?? new EpochFigures()));
    }

    /// <summary>The history as comma-separated values (RFC 4180), one line per epoch; missing values are empty.</summary>
    /// <param name="heading">Whether the first line names the columns. Pass false to append to a file that has them.</param>
    /// <returns>
    /// The epoch, the program's figures, counts, what was fixed and reverted, and a column <c>nccError/layer</c> per layer in forward
    /// order. With <see cref="TailPolicy.Cut"/> also <c>cutBehind</c>, the last layer that is left.
    /// </returns>
    public string ToCsv(bool heading = true) => HistoryCsv.Write(this, heading);

    /// <summary>The history as a JSON object: for each epoch the program's figures and the report, as in
    /// <see cref="EtfReport.ToJson"/>.</summary>
    public string ToJson() => HistoryJson.Write(this);

    /// <summary>Writes one HTML page of curves: errors of all layers, fixes and reverts, effective depth, parameters and bytes.</summary>
    /// <param name="path">The file; replaced if it exists. A reader sees the old file or the new one, never a part.</param>
    /// <remarks>The page is self-contained: it needs neither scripts nor a network.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    public void SaveHtml(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        AtomicFile.Write(path, SaveHtml);
    }

    /// <summary>Writes the page of <see cref="SaveHtml(string)"/> to a stream, as UTF-8.</summary>
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void SaveHtml(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var writer = new StreamWriter(stream, leaveOpen: true);
        writer.Write(HistoryPage.Write(this));
    }

    /// <summary>The layers that have a curve, in forward order: those of the last report, and those that a cut removed.</summary>
    internal IReadOnlyList<string> Layers => [.. _epochs.Select(epoch => epoch.Report.Layers.Select(layer => layer.Name).ToList())
        .Reverse().OrderByDescending(names => names.Count).SelectMany(names => names).Distinct()];

    /// <summary>The error of a layer in a report; null if it has none, or if the model did not have the layer then.</summary>
    internal static double? ErrorOf(EtfReport report, string layer) =>
        report.Layers.FirstOrDefault(entry => entry.Name == layer)?.NccError;

    private static string Names(EtfReport report) => string.Join(", ", report.Layers.Select(layer => $"'{layer.Name}'"));
}
