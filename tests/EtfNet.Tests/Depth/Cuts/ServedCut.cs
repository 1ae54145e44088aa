using System.Runtime.InteropServices;
using EtfNet.Tests.Support;
using static TorchSharp.torch;

namespace EtfNet.Tests.Depth.Cuts;

/// <summary>A model that was cut and saved, served by another process.</summary>
internal static class ServedCut
{
    public const string Name = "served-cut";

    /// <summary>As a program: builds the whole model, loads what was saved and writes its outputs down.</summary>
    public static int Run(string path, string output)
    {
        using var model = CutModels.Mlp(seed: 99);
        if (path.EndsWith(".safetensors", StringComparison.Ordinal))
            model.LoadSafetensors(path);
        else
            EtfCheckpoint.Load(path, model);
        File.WriteAllBytes(output, Outputs(model));
        return 0;
    }

    public static byte[] Outputs(nn.Module<Tensor, Tensor> model)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var data = new Blobs(64);
        model.eval();
        return model.call(data.Inputs).contiguous().bytes.ToArray();
    }

    public static float[] Numbers(byte[] outputs) => MemoryMarshal.Cast<byte, float>(outputs).ToArray();
}
