using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>What one pass of the kept inputs through the model showed.</summary>
/// <param name="Samples">What the asked layers saw and gave, in the order in which they are called; a layer that is not called is
/// absent.</param>
/// <param name="Outputs">What the model gave.</param>
/// <param name="Averages">The batch norms' statistics.</param>
internal sealed record CalibrationPass(
    IReadOnlyList<(nn.Module<Tensor, Tensor> Layer, LayerSample Sample)> Samples, TrialOutputs Outputs, BatchNormAverages Averages)
    : IDisposable
{
    private const int MaxRows = 4096;

    /// <summary>The most bytes that the patches of all convolutions may take together.</summary>
    private const long MaxPatchBytes = 256L << 20;

    private BatchNormAverages? _averages = Averages;

    /// <summary>What a layer saw and gave.</summary>
    public LayerSample this[nn.Module<Tensor, Tensor> layer] => Samples.First(entry => ReferenceEquals(entry.Layer, layer)).Sample;

    /// <summary>Hands the statistics to the caller, who disposes them.</summary>
    public BatchNormAverages TakeAverages()
    {
        var taken = Averages;
        _averages = null;
        return taken;
    }

    /// <summary>Calls the model with every kept batch.</summary>
    /// <param name="model">The model, in <see cref="ReplayMode"/>.</param>
    /// <param name="mode">The mode it is in.</param>
    /// <param name="inputs">The kept inputs.</param>
    /// <param name="layers">The layers to look at.</param>
    /// <param name="trials">Modules whose outputs stand in for those of the layers that they are to replace.</param>
    /// <param name="pooling">How the model's outputs become one row per sample.</param>
    /// <param name="choice">Which of the model's outputs is looked at.</param>
    public static CalibrationPass Run(nn.Module model, ReplayMode mode, InputSample inputs, IReadOnlyList<FixableLayer> layers,
        IReadOnlyDictionary<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>> trials, FeaturePooling pooling,
        OutputChoice choice)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var rows = layers.ToDictionary(layer => layer.Module, layer => new SampleRows(layer));
        var order = new List<nn.Module<Tensor, Tensor>>();
        var patchBytes = sizeof(float) * layers.Where(layer => layer.Patch is not null).Sum(layer => layer.Matrix.Columns);
        var most = layers.ToDictionary(
            layer => layer.Module,
            layer => (int)Math.Max(1, (layer.Patch is null ? MaxRows : Math.Min(MaxRows, MaxPatchBytes / patchBytes)) / inputs.BatchCount));
        Tensor? labels = null;
        using var followers = new NormalizationTrace(model);
        var hooks = rows.Select(entry => entry.Key.register_forward_hook((_, input, output) =>
        {
            if (entry.Value.IsEmpty && input.NumberOfElements > 0)
                order.Add(entry.Key);
            entry.Value.Add(input, output, labels, most[entry.Key]);
            followers.Gave(entry.Key, output);
            return null!;
        })).ToList();
        hooks.AddRange(TrialHooks.Attach(trials));
        var outputs = new TrialOutputs(pooling, inputs.IgnoreIndex);
        mode.ResetAverages();
        try
        {
            inputs.ReplayAll((given, batchLabels) =>
            {
                var output = choice.Of(given, batchLabels);
                outputs.Add(output, batchLabels);
                foreach (var layer in order)
                    rows[layer].Compare(output);
            },
            batchLabels =>
            {
                labels = batchLabels;
                followers.NextBatch();
            });
            var samples = order.Select(layer => (layer, rows[layer].Join() with { Normalization = followers.Of(layer) })).ToList();
            return new CalibrationPass(samples, outputs, mode.Averages());
        }
        catch
        {
            outputs.Dispose();
            throw;
        }
        finally
        {
            hooks.ForEach(hook => hook.remove());
            foreach (var kept in rows.Values)
                kept.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var (_, sample) in Samples)
            sample.Dispose();
        Outputs.Dispose();
        _averages?.Dispose();
    }
}
