using static TorchSharp.torch;
using Remover = TorchSharp.torch.nn.HookableModule<
    System.Func<
        TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>,
        TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>,
    System.Func<
        TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>,
        TorchSharp.torch.Tensor, TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>>.HookRemover;

namespace EtfNet;

/// <summary>Lets modules stand in for the layers that they are to replace, without touching the model.</summary>
internal static class TrialHooks
{
    public static List<Remover> Attach(IReadOnlyDictionary<nn.Module<Tensor, Tensor>, nn.Module<Tensor, Tensor>> trials) =>
        [.. trials.Select(trial => trial.Key.register_forward_hook((_, input, _) => trial.Value.call(input)))];
}
