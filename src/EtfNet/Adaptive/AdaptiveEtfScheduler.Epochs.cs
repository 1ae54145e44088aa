using static TorchSharp.torch;

namespace EtfNet;

/// <content>The end of an epoch.</content>
public sealed partial class AdaptiveEtfScheduler
{
    /// <summary>Ends an epoch: scores every layer, and cuts off the tail (<see cref="TailPolicy.Cut"/>) or fixes the layers that are
    /// ready.</summary>
    /// <returns>What was found and done.</returns>
    /// <remarks>
    /// The model is called again with inputs of the epoch, in evaluation mode. If it throws, its layers wait, and the report says why; an
    /// <see cref="OperationCanceledException"/> is rethrown, and the epoch is over.
    /// </remarks>
    /// <exception cref="InvalidOperationException">
    /// No batch was observed in the epoch, a forward is in progress, the model's layers were changed by hand, or
    /// <see cref="AdaptiveEtfOptions.Guard"/> is set and needs a loss or an accuracy. Nothing was changed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    /// <example>
    /// <code>
    /// var report = etf.EndEpoch();
    /// foreach (var layer in report.NewlyFixed)
    ///     Console.WriteLine($"epoch {report.Epoch}: {layer.Name} is fixed at an error of {layer.NccError:0.000}");
    /// </code>
    /// </example>
    public EtfReport EndEpoch() => End(null, null);

    /// <summary>Ends an epoch as <see cref="EndEpoch()"/> does, and lets the guard judge earlier fixes by a loss.</summary>
    /// <param name="loss">The epoch's loss; lower is better. NaN counts as worse than any other.</param>
    /// <returns>What was found and done.</returns>
    /// <remarks>Without <see cref="AdaptiveEtfOptions.Guard"/> the loss is not used.</remarks>
    /// <exception cref="InvalidOperationException">As for <see cref="EndEpoch()"/>. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfReport EndEpochWithLoss(double loss) => End(null, loss);

    /// <summary>Ends an epoch as <see cref="EndEpoch()"/> does, and lets the guard judge earlier fixes by an accuracy.</summary>
    /// <param name="accuracy">The epoch's accuracy, a fraction in [0, 1]; higher is better.</param>
    /// <returns>What was found and done.</returns>
    /// <remarks>Without <see cref="AdaptiveEtfOptions.Guard"/> the accuracy is not used.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The accuracy lies outside [0, 1]. Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">As for <see cref="EndEpoch()"/>. Nothing was changed.</exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfReport EndEpochWithAccuracy(double accuracy) => End(null, Cost(accuracy));

    /// <summary>
    /// Ends an epoch with exact errors on given batches. Use it for training on samples that do not have a single label (mixup, soft
    /// labels), and exclude the forwards of such samples with <see cref="Suspend"/>.
    /// </summary>
    /// <param name="batches">
    /// Inputs and labels of unmixed samples. Labels are class indices, one per sample or per position. The sequence is enumerated up to
    /// three times.
    /// </param>
    /// <returns>What was found and done.</returns>
    /// <remarks>
    /// Errors are measured and frames are calibrated on these batches, whatever <see cref="AdaptiveEtfOptions.Decision"/> is. The model
    /// must take one tensor.
    /// </remarks>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no batch, or its labels are not class indices. Nothing was fixed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model does not take one tensor, a forward is in progress, the model's layers were changed by hand, or
    /// <see cref="AdaptiveEtfOptions.Guard"/> is set and needs a loss or an accuracy. Nothing was fixed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfReport EndEpoch(IEnumerable<(Tensor Input, Tensor Labels)> batches) => End(Given(batches), null);

    /// <summary>
    /// Ends an epoch with exact errors on given batches, as <see cref="EndEpoch(IEnumerable{ValueTuple{Tensor, Tensor}})"/> does, and
    /// lets the guard judge earlier fixes by a loss.
    /// </summary>
    /// <param name="batches">As for <see cref="EndEpoch(IEnumerable{ValueTuple{Tensor, Tensor}})"/>.</param>
    /// <param name="loss">The epoch's loss; lower is better. NaN counts as worse than any other.</param>
    /// <returns>What was found and done.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentException">There is no batch, or its labels are not class indices. Nothing was fixed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model does not take one tensor, a forward is in progress, or the model's layers were changed by hand. Nothing was fixed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfReport EndEpochWithLoss(IEnumerable<(Tensor Input, Tensor Labels)> batches, double loss) => End(Given(batches), loss);

    /// <summary>
    /// Ends an epoch with exact errors on given batches, as <see cref="EndEpoch(IEnumerable{ValueTuple{Tensor, Tensor}})"/> does, and
    /// lets the guard judge earlier fixes by an accuracy.
    /// </summary>
    /// <param name="batches">As for <see cref="EndEpoch(IEnumerable{ValueTuple{Tensor, Tensor}})"/>.</param>
    /// <param name="accuracy">The epoch's accuracy, a fraction in [0, 1]; higher is better.</param>
    /// <returns>What was found and done.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="batches"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The accuracy lies outside [0, 1]. Nothing was changed.</exception>
    /// <exception cref="ArgumentException">There is no batch, or its labels are not class indices. Nothing was fixed.</exception>
    /// <exception cref="InvalidOperationException">
    /// The model does not take one tensor, a forward is in progress, or the model's layers were changed by hand. Nothing was fixed.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler is disposed.</exception>
    public EtfReport EndEpochWithAccuracy(IEnumerable<(Tensor Input, Tensor Labels)> batches, double accuracy) =>
        End(Given(batches), Cost(accuracy));

    private static IEnumerable<(Tensor Input, Tensor Labels)> Given(IEnumerable<(Tensor Input, Tensor Labels)> batches) =>
        batches ?? throw new ArgumentNullException(nameof(batches));

    /// <summary>What the guard minimizes.</summary>
    private static double Cost(double accuracy) => accuracy is >= 0 and <= 1
        ? -accuracy
        : throw new ArgumentOutOfRangeException(nameof(accuracy), accuracy, "Must be a fraction in [0, 1].");

    private EtfReport End(IEnumerable<(Tensor Input, Tensor Labels)>? batches, double? cost)
    {
        if (Together is { } group)
            return EndTogether(group, batches, cost);
        using var pause = InferencePause.Begin();
        RequireEpoch(batches is not null, cost);
        var collapse = _monitor.EndEpoch();
        var (unlabeled, remarks) = (collapse.UnlabeledForwards, new List<string>());
        BeginTail();
        _memory.Epoch++;
        try
        {
            remarks.AddRange(_watched.Fixes.Where(fix => fix.HasDrifted()).Select(fix =>
                $"'{fix.Name}' is fixed in place, and something has changed its weight since: it is no longer a frame"));
            if (unlabeled > 0)
                Log.UnlabeledForwards(_log, _memory.Epoch, unlabeled);
            if (batches is not null)
            {
                collapse = _monitor.Evaluate(batches);
                _inputs.Take(batches);
            }
            else if (_options.Decision == FixDecision.Exact)
            {
                collapse = Exact(collapse, remarks);
            }

            SettleFirst();
            var untrained = _watched.Layers.Where(layer => layer.IsUntrained()).ToList();
            var reverted = cost is null ? [] : RevertCostly(cost.Value);
            var decisions = new Dictionary<string, LayerDecision>();
            var tail = EndTail(collapse, cost);
            // If the tail was cut off or restored, the measurements are those of other layers.
            var fixedNow = _gone.Count > 0 ? [] : FixReady(collapse, cost, decisions);
            foreach (var layer in untrained.Where(layer => layer.Fix is null))
            {
                decisions[layer.Name] = layer.Untrained;
                Log.LayerUntrained(_log, layer.Name);
            }

            Report = NewReport(new EpochOutcome
            {
                Collapse = collapse,
                Decisions = decisions,
                NewlyFixed = fixedNow,
                Reverted = reverted,
                Unlabeled = unlabeled,
                Remarks = remarks,
                Tail = tail,
            });
            Announce(fixedNow, reverted);
            AnnounceCut();
            return Report;
        }
        finally
        {
            // Even if the model threw in evaluation mode, the epoch is over.
            _inputs.NextEpoch();
            _layerInputs?.NextEpoch();
            _observed = 0;
        }
    }

    /// <summary>Checks that an epoch can end.</summary>
    /// <returns>Its cost, for the guard.</returns>
    private void RequireEpoch(bool hasBatches, double? cost)
    {
        RequireAlive();
        if (_guard is not null && cost is null)
            throw new InvalidOperationException(
                "The guard judges fixes by a loss or an accuracy: call EndEpochWithLoss(loss) or EndEpochWithAccuracy(accuracy).");
        if (_observed == 0 && !hasBatches && (Together is not null || !_monitor.HasObservations))
            throw new InvalidOperationException(
                "No batch was observed in this epoch. Call Observe(labels) after each training step, before EndEpoch.");
        RequireNoForward();
        _watched.RequireUnchanged();
        ForgetUnusableOptimizers();
    }

    private CollapseReport Exact(CollapseReport online, List<string> remarks)
    {
        GatherSample();
        var labeled = _inputs.Labeled.ToList();
        if (labeled.Count == 0)
        {
            remarks.Add("exact errors need labeled batches of the model's inputs, and none could be kept: the online errors decided");
            return online;
        }

        try
        {
            using (_monitor.Suspend())
                return _monitor.Evaluate(labeled, batch => _inputs.Replay(batch.Inputs), batch => batch.Labels);
        }
        catch (ReplayException exception)
        {
            remarks.Add($"exact errors need the model in evaluation mode, where it threw ({exception.Message}): the online errors decided");
            return online;
        }
    }

    private EtfReport NewReport(EpochOutcome outcome) =>
        new ReportBuilder(outcome, _watched, _gone, _cutReverted is not null).Build(
            _memory.Epoch, _options.Epsilon, _monitor.Layers, _guard?.Trials.Select(trial => trial.Epoch).ToHashSet() ?? [],
            TailOfReport(outcome.Tail ?? TailNow()));
}
