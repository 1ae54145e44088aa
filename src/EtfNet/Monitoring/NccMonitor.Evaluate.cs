using static TorchSharp.torch;

namespace EtfNet;

public sealed partial class NccMonitor
{
    /// <summary>Exact errors and metrics of the model as it is, in two passes over the data: class means, then scores. What is gathered online is not touched.</summary>
    /// <param name="batches">Inputs and labels (class indices, int64 or int32). Enumerated twice; both times it must give the same samples, in any order.</param>
    /// <returns>The report; layers have no error where their hook never fired.</returns>
    /// <remarks>Runs in eval mode and without gradients; modes are restored, and batch-norm statistics do not move. Costs about two forwards a sample.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no batch, or labels are not class indices, one a sample.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model does not take one tensor (use the other overload), the second pass saw other class counts than the first, or a feature is not finite and
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

    /// <summary>Exact errors and metrics as <see cref="Evaluate(IEnumerable{ValueTuple{Tensor, Tensor}})"/>, for models of several inputs.</summary>
    /// <typeparam name="TBatch">What a batch is.</typeparam>
    /// <param name="batches">The batches. Enumerated twice; both times they must hold the same samples, in any order.</param>
    /// <param name="forward">Calls the model (by <c>call</c>) on a batch, once or several times; the labels are those of each call.</param>
    /// <param name="labels">The labels of a batch.</param>
    /// <returns>The report; layers have no error where their hook never fired.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException">There is no batch, or labels are not class indices, one a sample.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A label is negative or not below the class count.</exception>
    /// <exception cref="InvalidOperationException">The second pass saw other class counts than the first, or a feature is not finite and <see cref="NonFinitePolicy.Throw"/> is set.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public CollapseReport Evaluate<TBatch>(IEnumerable<TBatch> batches, Action<TBatch> forward, Func<TBatch, Tensor> labels)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(labels);

        var layers = _taps.ToDictionary(tap => tap.Name, _ => new ExactLayer(_options));
        try
        {
            using (new EvaluationMode(_model))
            using (no_grad())
            {
                var first = Pass(batches, forward, labels, (tap, features, groups, _) => layers[tap.Name].AddToMeans(features, groups));
                foreach (var layer in layers.Values)
                    layer.EndMeans();
                var second = Pass(batches, forward, labels, (tap, features, groups, predictions) => layers[tap.Name].Score(features, groups, predictions));
                CheckSameCounts(first, second);
            }

            var names = _order.Where(layers.ContainsKey).ToList();
            return new CollapseReport
            {
                IsExact = true,
                Layers =
                [
                    .. names.Select((name, index) => layers[name].Report(
                        name, _taps.Find(tap => tap.Name == name)!, index == 0 ? null : layers[names[index - 1]].Statistics)),
                ],
            };
        }
        finally
        {
            foreach (var layer in layers.Values)
                layer.Dispose();
        }
    }

    private Dictionary<int, long> Pass<TBatch>(
        IEnumerable<TBatch> batches, Action<TBatch> forward, Func<TBatch, Tensor> labels, Action<LayerTap, Tensor, LabelGroups, int[]> take)
    {
        var counts = new Dictionary<int, long>();
        var any = false;
        foreach (var batch in batches)
        {
            any = true;
            using var scope = NewDisposeScope();
            var groups = LabelGroups.Create(LabelReader.Read(labels(batch), _options.ClassCount));
            using var record = new ForwardRecord();
            Capture(record, () => forward(batch));
            if (record.Features.Count > 0 && !record.Features.Exists(entry => entry.Features.shape[0] == groups.Count))
                throw new ArgumentException($"{Words.Count(groups.Count, "label")} came for a forward of {Words.Count(record.Length, "sample")}.", nameof(batches));

            SetOrder(record);
            using var predictions = Predictions.Of(record, groups.Count, _options.Metrics.HasFlag(CollapseMetricSet.Agreement));
            foreach (var (tap, features) in record.Features)
            {
                if (_options.NonFinite == NonFinitePolicy.Throw)
                    FiniteCheck.ThrowIfNot(tap.Name, features);
                take(tap, features, groups, predictions.Values);
            }

            for (var g = 0; g < groups.Classes.Length; g++)
                counts[groups.Classes[g]] = counts.GetValueOrDefault(groups.Classes[g]) + groups.Rows(g).Length;
        }

        return any ? counts : throw new ArgumentException("There is no batch to evaluate (or the sequence can be enumerated only once).", nameof(batches));
    }

    private void Capture(ForwardRecord record, Action forward)
    {
        _log.Capture = record;
        try
        {
            forward();
        }
        finally
        {
            _log.Capture = null;
        }
    }

    private static void CheckSameCounts(Dictionary<int, long> first, Dictionary<int, long> second)
    {
        foreach (var c in first.Keys.Union(second.Keys).Order())
            if (first.GetValueOrDefault(c) is var before && second.GetValueOrDefault(c) is var after && before != after)
                throw new InvalidOperationException(
                    $"Class {c} had {before} samples in the first pass and {after} in the second: the batches must give the same samples whenever they are enumerated.");
    }
}
