using EtfNet.Tests.State.Declared;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Fuzzing;

/// <summary>Every state that is saved as safetensors: one parser reads the file, and its kind says what is made of it.</summary>
internal static class SavedState
{
    /// <summary>Loads whatever it is.</summary>
    public static object Load(Stream stream)
    {
        var state = SafetensorsReader.Read(stream);
        switch (state.Kind)
        {
            case StateKind.Frame:
                return SimplexEtfFormat.Read(state);
            case StateKind.Statistics:
                return DeclaredState.Read<ClassStatistics>(state);
            case StateKind.Monitor:
                return Continued(state);
            case StateKind.Checkpoint:
                return Resumed(state);
            case ToyState.Kind:
                using (var toy = DeclaredState.Read<ToyState.Scheduler>(state, ToyState.Create))
                    return toy;
            default:
                using (var model = Model())
                    ModelWeights.Load(model, state);
                return state;
        }
    }

    /// <summary>The model whose weights are in the corpus, plain.</summary>
    public static nn.Module<Tensor, Tensor> Model() =>
        nn.Sequential(("fc1", nn.Linear(4, 5)), ("relu", nn.ReLU()), ("fc2", nn.Linear(5, 4)), ("head", nn.Linear(4, 3)));

    /// <summary>The training whose checkpoint is in the corpus, at its beginning.</summary>
    public static (nn.Module<Tensor, Tensor> Model, OptimizerHelper Optimizer, AdaptiveEtfScheduler Etf) Training()
    {
        var model = Model();
        model.ApplyEtf(EtfFrame.Nearest, "fc2");
        var optimizer = optim.Adam(model.parameters());
        return (model, optimizer, model.ApplyAdaptiveEtf(epsilon: 0.05, optimizer));
    }

    /// <summary>What was read is used: an epoch ends with it.</summary>
    private static CollapseReport Continued(StateSet state)
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        model.ApplyEtf(EtfFrame.Nearest, "fc2");
        using var monitor = new NccMonitor(model);
        monitor.Load(state);
        return monitor.EndEpoch();
    }

    private static EtfReport Resumed(StateSet state)
    {
        using var scope = NewDisposeScope();
        if (state.Texts.Count % 2 == 0)
        {
            using var plain = Model();
            using var other = optim.Adam(plain.parameters());
            EtfCheckpoint.Restore(plain, [other], state);
        }

        var (model, optimizer, etf) = Training();
        using (model)
        using (optimizer)
        using (etf)
        {
            var plan = ModelWeights.Plan(state);
            etf.Restore(new EtfSnapshot(plan.Layers, plan.Cuts, state));
            return etf.Report;
        }
    }
}
