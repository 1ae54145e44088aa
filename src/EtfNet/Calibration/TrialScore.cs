using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The nearest-class-center error of the model's own output over the kept batches, with some layers replaced on trial.</summary>
/// <remarks>It tells what a switch would cost the network as a whole, before anything is changed.</remarks>
internal static class TrialScore
{
    /// <returns>A fraction in [0, 1]; null where the output cannot be scored: no labels, no tensor, or not a row a label.</returns>
    public static double? Of(nn.Module model, InputSample inputs, IReadOnlyDictionary<Linear, nn.Module<Tensor, Tensor>> trials, FeaturePooling pooling)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var mode = new EvaluationMode(model);
        using var score = new ExactLayer(new NccMonitorOptions { Metrics = CollapseMetricSet.None });
        var hooks = TrialHooks.Attach(trials);
        try
        {
            var scored = new List<(Tensor Features, LabelGroups Labels)>();
            foreach (var (batch, labels) in inputs.Labeled)
            {
                using var inner = NewDisposeScope();
                if (inputs.Replay(batch) is not { } output || output.dim() < 2 || !is_floating_point(output))
                    return null;
                using var form = LabelForm.Of(labels);
                var features = LayerTap.PoolByHand(output, form.Count, pooling, output.dim() > 3 ? FeatureLayout.ChannelsFirst : FeatureLayout.ChannelsLast);
                if (features.shape[0] != form.Count)
                {
                    features.Dispose();
                    return null;
                }

                scored.Add((features.MoveToOuterDisposeScope(), LabelGroups.Create(LabelReader.Read(form.Flat, null, inputs.IgnoreIndex))));
                score.AddToMeans(features, scored[^1].Labels);
            }

            score.EndMeans();
            foreach (var (features, labels) in scored)
                score.Score(features, labels, []);
            return score.NccError;
        }
        finally
        {
            hooks.ForEach(hook => hook.remove());
        }
    }
}
