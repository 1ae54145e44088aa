using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A linear layer; <see cref="SimplexEtfLinear"/> takes its place.</summary>
internal sealed class FixableLinear(Linear linear) : FixableLayer(linear)
{
    public override long[] WeightShape => [linear.out_features, linear.in_features];

    public override Type FixedType => typeof(SimplexEtfLinear);

    protected override ref Parameter? WeightField => ref TorchSharpInternals.Weight(linear);

    protected override ref Parameter? BiasField => ref TorchSharpInternals.Bias(linear);

    public override nn.Module<Tensor, Tensor> CreateFixed(SimplexEtf etf, Parameter? bias, ScalarType dtype, Device device) =>
        new SimplexEtfLinear(etf, bias, dtype: dtype, device: device);

    public override nn.Module<Tensor, Tensor> CreateBlank(SimplexEtfHeader header, Parameter? bias, ScalarType dtype, Device device) =>
        SimplexEtfLinear.Blank(header, bias, false, dtype, device);
}
