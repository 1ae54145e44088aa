using TorchSharp.Modules;

namespace EtfNet;

/// <summary>Exchanges the bias parameter of a linear layer; the property's setter would dispose the old one.</summary>
internal static class LinearBias
{
    public static void Set(Linear linear, Parameter? bias)
    {
        TorchSharpInternals.Bias(linear) = bias;
        var registry = TorchSharpInternals.Parameters(linear);
        if (registry.TryGetValue("bias", out _))
            registry.Remove("bias");
        if (bias is not null)
            registry.Add("bias", bias);
    }
}
