using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Brings the running statistics of batch norms up to date after layers were fixed, by the kept inputs.</summary>
internal static class BatchNormRecalibration
{
    public static void Run(nn.Module model, InputSample inputs)
    {
        using var noGrad = no_grad();
        using var mode = new EvaluationMode(model);
        foreach (var node in ModuleTree.Walk(model))
            if (node.Module is BatchNorm1d or BatchNorm2d or BatchNorm3d)
                node.Module.train();
        inputs.ReplayAll();
    }
}
