using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Tells whether a model with other modules in its layers' places gives what the trial showed. It does not where its forward asks for a
/// layer's type, or for its weight.
/// </summary>
internal sealed class ReplacementCheck : IDisposable
{
    /// <summary>Why layers are fixed in place where the check fails.</summary>
    public const string Failure =
        "with modules of other types in place of this epoch's layers the model throws or gives something else: its forward looks at a "
        + "layer's type or weight";

    private readonly nn.Module _model;
    private readonly InputSample _inputs;
    private readonly IReadOnlyList<PreparedFix> _fixes;
    private readonly OutputCopies _expected;
    private bool _threw;

    private ReplacementCheck(nn.Module model, InputSample inputs, IReadOnlyList<PreparedFix> fixes)
    {
        (_model, _inputs, _fixes) = (model, inputs, fixes);
        _expected = Trial();
    }

    /// <summary>Calls the model with one kept batch and the fixes on trial.</summary>
    /// <returns>The check; null where nothing is replaced, or where the model cannot be called again.</returns>
    public static ReplacementCheck? Begin(nn.Module model, InputSample inputs, IReadOnlyList<PreparedFix> fixes)
    {
        if (!inputs.CanReplay || fixes.All(fix => fix.Target.InPlaceReason is not null))
            return null;
        try
        {
            return new ReplacementCheck(model, inputs, fixes);
        }
        catch (ReplayException)
        {
            return null;
        }
    }

    /// <summary>Whether the model, in which the layers are replaced now, gives the same.</summary>
    public bool Holds()
    {
        try
        {
            using var now = Outputs();
            return now.AreNear(_expected);
        }
        catch (ReplayException)
        {
            _threw = true;
            return false;
        }
    }

    /// <summary>Whether <see cref="Holds"/> has found a difference that is not one between any two calls of the model.</summary>
    public bool IsCertain()
    {
        if (_threw)
            return true;
        try
        {
            using var again = Trial();
            return again.AreNear(_expected);
        }
        catch (ReplayException)
        {
            return true;
        }
    }

    public void Dispose() => _expected.Dispose();

    private OutputCopies Trial()
    {
        var trials = new Dictionary<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>>();
        try
        {
            foreach (var fix in _fixes)
                trials.Add(fix.Target.Fixable.Module, fix.CreateLayer());
            var hooks = TrialHooks.Attach(trials);
            try
            {
                return Outputs();
            }
            finally
            {
                hooks.ForEach(hook => hook.remove());
            }
        }
        finally
        {
            foreach (var trial in trials.Values)
                trial.Dispose();
        }
    }

    private OutputCopies Outputs()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var mode = new ReplayMode(_model, _inputs.FrozenNorms);
        return new OutputCopies(_inputs.Replay(_inputs.Batches[0].Inputs));
    }
}
