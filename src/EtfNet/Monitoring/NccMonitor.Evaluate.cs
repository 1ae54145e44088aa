using static TorchSharp.torch;

namespace EtfNet;

public sealed partial class NccMonitor
{
    /// <summary>Measures exact errors and metrics of the current model, in two passes over the data: class means, then scores. Online
    /// statistics are not changed.</summary>
    /// <param name="batches">
    /// Inputs and labels (class indices, int64 or int32, one per sample or per position). The sequence is enumerated twice, and must give
    /// the same samples both times, in any order.
    /// </param>
    /// <returns>The report; layers have no error where their hook never fired.</returns>
    /// <remarks>The model runs in eval mode and without gradients. Modes are restored, and batch-norm statistics do not change. The cost is
    /// about two forwards per sample.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no batch, or labels are not class indices, one per sample.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model does not take one tensor (use the other overload), the second pass saw other class counts than the first, or a feature is
    /// not finite and
    /// <see cref="NonFinitePolicy.Throw"/> is set.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public CollapseReport Evaluate(IEnumerable<(Tensor Input, Tensor Labels)> batches)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_model is not nn.IModule<Tensor, Tensor> model)
            throw new InvalidOperationException($"{_model.GetName()} does not take one tensor: use Evaluate(batches, forward, labels).");
        return Evaluate(batches, batch => model.call(batch.Input), batch => batch.Labels);
    }

    /// <summary>Measures exact errors and metrics as the other overload does, for models with several inputs.</summary>
    /// <typeparam name="TBatch">The type of a batch.</typeparam>
    /// <param name="batches">The batches. The sequence is enumerated twice, and must give the same samples both times, in any
    /// order.</param>
    /// <param name="forward">Runs the model on a batch, through its <c>call</c>, once or several times; the labels apply to each
    /// call.</param>
    /// <param name="labels">The labels of a batch.</param>
    /// <returns>The report; layers have no error where their hook never fired.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">There is no batch, or labels are not class indices, one per sample.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count.</exception>
    /// <exception cref="InvalidOperationException">The second pass saw other class counts than the first, or a feature is not finite and
    /// <see cref="NonFinitePolicy.Throw"/> is set.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public CollapseReport Evaluate<TBatch>(IEnumerable<TBatch> batches, Action<TBatch> forward, Func<TBatch, Tensor> labels)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(labels);

        var places = Places();
        var layers = _taps.Keys.ToDictionary(name => name, _ => new ExactLayer(_options));
        try
        {
            using (new EvaluationMode(_model))
            using (no_grad())
            {
                var first = Pass(batches, forward, labels, (name, features, groups, _) =>
                {
                    if (!layers.TryGetValue(name, out var layer))
                        layers[name] = layer = new ExactLayer(_options);
                    layer.AddToMeans(features, groups);
                });
                foreach (var layer in layers.Values)
                    layer.EndMeans();
                var second = Pass(
                    batches, forward, labels, (name, features, groups, predictions) => layers[name].Score(features, groups, predictions),
                    first);
                second.RequireSame(first);
            }

            // A place that changed on the way stays: the passes are made again, with all features of one place.
            return Places() != places ? Evaluate(batches, forward, labels) : new CollapseReport
            {
                IsExact = true,
                Layers =
                [
                    .. from name in _state.Order.Names
                       where layers.ContainsKey(name)
                       let head = HeadOf(name, input => layers.GetValueOrDefault(input)?.Statistics)
                       select layers[name].Report(name, Source(name)!, head) with { HasPlace = HasPlace(name) },
                ],
            };
        }
        finally
        {
            foreach (var layer in layers.Values)
                layer.Dispose();
        }
    }

    /// <summary>How often the places have changed that features are taken at.</summary>
    private int Places() => _taps.Values.Sum(tap => tap.Generation);

    /// <param name="batches">The batches.</param>
    /// <param name="forward">Calls the model.</param>
    /// <param name="labels">Gives a batch's labels.</param>
    /// <param name="take">Takes a layer's name, its features, their labels and the model's predictions.</param>
    /// <param name="known">The counts of an earlier pass; a class that it had not is an error at once.</param>
    private ClassCounts Pass<TBatch>(
        IEnumerable<TBatch> batches, Action<TBatch> forward, Func<TBatch, Tensor> labels, Action<string, Tensor, LabelGroups, int[]> take,
        ClassCounts? known = null)
    {
        var counts = new ClassCounts();
        var any = false;
        foreach (var batch in batches)
        {
            any = true;
            using var scope = NewDisposeScope();
            using var form = LabelForm.Of(labels(batch));
            using var read = BatchLabels.Create(form, _options.ClassCount, _options.IgnoreIndex, leaveUnread: false);
            using var seen = ForwardCapture.Run(_forwards, () => forward(batch));
            var kind = ForwardCapture.KindOf(_forwards, seen, form, nameof(batches));
            Place(seen);
            using var predictions = Predictions.Of(seen, read.Count, _options.Metrics.HasFlag(CollapseMetricSet.Agreement));
            counts.Add(read.Groups);
            if (known is not null)
                counts.RequireKnown(read.Groups, known);
            foreach (var features in seen.Features.Where(features => features.AreCurrent))
            {
                var rows = features.For(kind);
                if (_options.NonFinite == NonFinitePolicy.Throw)
                    FiniteCheck.ThrowIfNot(features.Source.Name, rows);
                take(features.Source.Name, rows, read.Groups, predictions.Values);
            }
        }

        return any
            ? counts
            : throw new ArgumentException("There is no batch to evaluate (or the sequence can be enumerated only once).", nameof(batches));
    }
}
