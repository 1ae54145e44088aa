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
        var parameters = model.parameters().DistinctBy(parameter => parameter.Handle).ToList();
        var buffers = model.buffers().DistinctBy(buffer => buffer.Handle).ToList();
        var fixedLayers = ModuleTree.Walk(model).Select(node => node.Module).OfType<SimplexEtfLinear>().ToList();
        var trainable = parameters.Where(parameter => parameter.requires_grad).Sum(parameter => parameter.NumberOfElements);
        var frozen = parameters.Where(parameter => !parameter.requires_grad).Sum(parameter => parameter.NumberOfElements);
        return new ModelFootprint
        {
            TrainableParameters = trainable,
            FixedParameters = frozen + fixedLayers.Sum(layer => layer.Etf.Rows * layer.Etf.Columns),
            StoredParameters = trainable + frozen + fixedLayers.Sum(layer => layer.buffers().Sum(buffer => buffer.NumberOfElements)),
            WeightBytes = parameters.Concat(buffers).Sum(Bytes),
            GradientBytes = parameters.Sum(parameter => parameter.grad is { } gradient ? Bytes(gradient) : 0),
            OptimizerBytes = optimizers.Distinct().Sum(OptimizerStateTensors.Bytes),
        };
    }

    private static long Bytes(Tensor tensor) => tensor.NumberOfElements * tensor.ElementSize;
}
