using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <content>Several processes: rank 0 decides, and the others follow.</content>
public sealed partial class AdaptiveEtfScheduler
{
    private const string Purpose = "end of epoch";

    private GradientReducer? _reducer;
    private bool _leads;
    private bool _hasWholeSample;

    /// <summary>Gets how many bytes of gradients this rank has contributed to sums so far.</summary>
    /// <value>Each <see cref="ReduceGradients"/> adds the bytes of the parameters that are trained at that time.</value>
    public long ReducedGradientBytes { get; private set; }

    /// <summary>The ranks that make the same call; null for one process, and within a call of rank 0 that the others follow.</summary>
    private ICollective? Together => _options.Collective is { Size: > 1 } group && !_leads ? group : null;

    /// <summary>Replaces every gradient with its weighted mean over all ranks. Call it on all ranks between <c>backward</c> and
    /// <c>step</c>.</summary>
    /// <param name="weight">
    /// The weight of this rank's gradients, at least 0. If the ranks' batches have different numbers of samples, pass that number; pass 0
    /// for a rank that has no samples in this step.
    /// </param>
    /// <returns>What was exchanged.</returns>
    /// <remarks>
    /// Only parameters that require gradients are exchanged, so layers that are fixed cost nothing. A gradient that is null on some ranks
    /// counts as zero there; one that is null on all ranks stays null.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The weight is negative or not finite.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is no <see cref="AdaptiveEtfOptions.Collective"/>; the weights of all ranks are 0; or they differ while batch norms are
    /// synchronized without <c>weightedBySamples</c>, whose gradients would be wrong. Nothing was changed.
    /// </exception>
    /// <exception cref="NotSupportedException">A parameter is not real, or a gradient is sparse. Nothing was changed.</exception>
    /// <exception cref="CollectiveException">
    /// The ranks train different parameters or made different calls, or a rank failed, has left or is missing.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The scheduler, or the model, is disposed.</exception>
    public GradientReduction ReduceGradients(double weight = 1)
    {
        RequireAlive();
        var group = _options.Collective ?? throw new InvalidOperationException(
            "There are no ranks to average over: set AdaptiveEtfOptions.Collective, for example to MpiCollective.Start().");
        _reducer ??= new GradientReducer(group, _options.GradientBucketBytes)
        {
            RequiresEqualWeights = () => BatchNormSynchronization.IsUnweighted(_model),
        };
        var reduction = _reducer.Reduce(_model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)), weight);
        ReducedGradientBytes += reduction.Bytes;
        return reduction;
    }

    /// <summary>Writes a file on rank 0; no rank returns before that is done.</summary>
    internal void WriteOnce(Action write)
    {
        if (Together is { } group)
            RankOutcome.Require(group, group.Rank == 0 ? write : () => { }, "save of a checkpoint");
        else
            write();
    }

    /// <summary>Begins with the same model on all ranks: with that of rank 0.</summary>
    /// <exception cref="CollectiveException">The options or the models differ.</exception>
    private void JoinRanks()
    {
        if (Together is not { } group)
            return;
        RankAgreement.Require(group, OptionFacts.Of(_options), "options");
        RankAgreement.Require(group, RankFacts.OfPlan(_model), "fixed layers");
        TensorBroadcast.Run(group, ModelNames.Of(_model).Select(entry => (entry.Name, entry.Tensor)), "parameters and buffers");
    }

    /// <summary>This rank's share of a number of samples.</summary>
    private int RankShare(int samples) => _options.Collective is { } group ? (samples + group.Size - 1) / group.Size : samples;

    private EtfReport EndTogether(ICollective group, IEnumerable<(Tensor Input, Tensor Labels)>? batches, double? cost)
    {
        RankOutcome.Require(group, () => RequireEpoch(batches is not null, cost), Purpose);
        RankAgreement.Require(
            group, RankFacts.OfEpoch(_memory.Epoch, _observed, _optimizers.All.Count, batches is not null, cost), "epochs");
        RankAgreement.Require(group, RankFacts.OfPlan(_model), "fixed layers");
        RankAgreement.Require(group, _model.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter)), "parameters");
        TensorBroadcast.Run(group, RankFacts.Buffers(_model), "buffers");
        double[] sum = [cost ?? 0];
        group.Sum(sum, "loss or accuracy");
        _monitor.MergeRanks(group);
        if (group.Rank == 0)
        {
            _hasWholeSample = batches is not null;
            return Lead(group, () => End(batches, cost is null ? null : sum[0] / group.Size), changed: false);
        }

        try
        {
            _monitor.EndEpoch();
            _memory.Epoch++;
            return Follow(group, announce: true);
        }
        finally
        {
            _inputs.NextEpoch();
            _layerInputs?.NextEpoch();
            _observed = 0;
        }
    }

    /// <summary>Makes a change of the training on rank 0, and takes over its result on the others.</summary>
    private void RunTogether(ICollective group, Action change, IReadOnlyList<NamedFingerprint> facts, string what, bool announce)
    {
        RankAgreement.Require(group, facts, what);
        if (group.Rank == 0)
            Lead(
                group, () =>
                {
                    change();
                    return Report;
                },
                changed: true);
        else
            Follow(group, announce);
    }

    private EtfReport Lead(ICollective group, Func<EtfReport> work, bool changed)
    {
        var (fixes, failure) = (_watched.Fixes.ToList(), (ExceptionDispatchInfo?)null);
        _leads = true;
        try
        {
            work();
        }
        catch (Exception exception) when (exception is not CollectiveException)
        {
            failure = ExceptionDispatchInfo.Capture(exception);
        }
        finally
        {
            _leads = false;
        }

        RankBroadcast.Send(
            group,
            stream =>
            {
                failure?.Throw();
                SafetensorsWriter.Write(stream, Message(changed || !fixes.SequenceEqual(_watched.Fixes)));
            },
            Purpose);
        RankOutcome.Require(group, () => { }, Purpose);
        return Report;
    }

    private StateSet Message(bool changed)
    {
        var state = changed ? Capture() : DeclaredState.Capture(new RankMemory(_watched.Layers), EpochMessage.Kind);
        EpochMessage.Add(state, Report, changed ? FixedModules.Of(_model) : null);
        return state;
    }

    private EtfReport Follow(ICollective group, bool announce)
    {
        var message = EpochMessage.Receive(group, Purpose);
        while (EpochMessage.AsksForSample(message))
        {
            RankSample.Exchange(group, _inputs);
            message = EpochMessage.Receive(group, Purpose);
        }

        var before = _watched.Layers.Where(layer => layer.Record is not null).ToDictionary(layer => layer.Name, layer => layer.Record!);
        RankOutcome.Require(group, () => Take(message), Purpose);
        if (announce)
            Announce(
                [.. Report.NewlyFixed.Where(layer => before.GetValueOrDefault(layer.Name)?.Epoch != layer.Epoch)],
                [
                    .. before.Values.Where(record => _watched[record.Name].Record is null)
                        .Select(record => (record, Report.Layers.Single(layer => layer.Name == record.Name).Decision)),
                ]);
        return Report;
    }

    private void Take(StateSet message)
    {
        var report = EpochMessage.Report(message);
        if (EpochMessage.Plan(message) is { } plan)
            Restore(plan, PlannedCut.Of(_model), message, () => TrainingState.Pair(message, _optimizers.All));
        else
            DeclaredState.Restore(new RankMemory(_watched.Layers), message);
        Report = report;
    }

    /// <summary>Brings the batches that the other ranks kept in the epoch to rank 0, which calls this when it needs them.</summary>
    private void GatherSample()
    {
        if (!_leads || _hasWholeSample || !_inputs.CanReplay)
            return;
        var group = _options.Collective!;
        RankBroadcast.Send(group, stream => SafetensorsWriter.Write(stream, EpochMessage.SampleRequest()), Purpose);
        _inputs.Join(RankSample.Exchange(group, _inputs), whole: BatchNormSynchronization.IsOf(_model));
        _hasWholeSample = true;
    }
}
