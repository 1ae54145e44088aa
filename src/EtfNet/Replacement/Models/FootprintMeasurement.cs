using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Counts parameters and bytes.</summary>
internal static class FootprintMeasurement
{
    public static ModelFootprint Of(nn.Module model, IReadOnlyList<optim.Optimizer> optimizers)
    {
        using var scope = NewDisposeScope();
        var modules = ModuleTree.Walk(model).Select(node => node.Module).ToList();
        // Weights of plain layers that were fixed once and have been constants since: parameters to everything except the optimizers.
        var constants = modules.Select(FixableLayer.Of).OfType<FixableLayer>().SelectMany(layer => layer.Constants()).ToList();
        var parameters = model.parameters().Concat(constants).DistinctBy(parameter => parameter.Handle).ToList();
        var buffers = model.buffers().Where(buffer => parameters.TrueForAll(parameter => parameter.Handle != buffer.Handle))
            .DistinctBy(buffer => buffer.Handle).ToList();
        var fixedLayers = modules.Where(module => module is IFixedLayer).ToList();
        var trainable = parameters.Where(parameter => parameter.requires_grad).Sum(parameter => parameter.NumberOfElements);
        var frozen = parameters.Where(parameter => !parameter.requires_grad).Sum(parameter => parameter.NumberOfElements);
        return new ModelFootprint
        {
            TrainableParameters = trainable,
            FixedParameters = frozen + fixedLayers.Sum(layer => ((IFixedLayer)layer).WeightCount),
            StoredParameters = trainable + frozen + fixedLayers.Sum(layer => layer.buffers().Sum(buffer => buffer.NumberOfElements)),
            WeightBytes = parameters.Concat(buffers).Sum(Bytes),
            GradientBytes = parameters.Sum(parameter => parameter.grad is { } gradient ? Bytes(gradient) : 0),
            OptimizerBytes = optimizers.Distinct().Sum(OptimizerStates.Bytes),
        };
    }

    private static long Bytes(Tensor tensor) => tensor.NumberOfElements * tensor.ElementSize;
}
