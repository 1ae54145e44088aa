using EtfNet.Tests.State.Declared;
using TorchSharp;
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
}
