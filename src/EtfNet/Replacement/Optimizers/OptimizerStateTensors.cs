using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>The tensors inside an optimizer's state objects, whichever the optimizer.</summary>
internal static class OptimizerStateTensors
{
    /// <summary>The tensors of one parameter's state; the parameter itself is not among them.</summary>
    public static IEnumerable<torch.Tensor> Of(OptimizerState state) =>
        state.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Select(field => field.GetValue(state)).OfType<torch.Tensor>().Where(tensor => tensor is not Parameter && !tensor.IsInvalid);

    /// <summary>The bytes that an optimizer's state takes.</summary>
    public static long Bytes(torch.optim.Optimizer optimizer) =>
        optimizer is OptimizerHelper managed
            ? TorchSharpInternals.State(managed).Values.SelectMany(Of).Sum(tensor => tensor.NumberOfElements * tensor.ElementSize)
            : 0;
}
