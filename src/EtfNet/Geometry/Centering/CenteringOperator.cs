using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The identity frame: centering and nothing else.</summary>
internal sealed class CenteringOperator(FrameShape shape) : FrameOperator
{
    /// <summary>Where the kernel does not reach, autograd may as well record its few operations, which save nothing.</summary>
    public override bool RecordsItself(Tensor x) => !CenteringPass.Reaches(x);

    public override Tensor Apply(Tensor x, FrameScale scale) => Centering.Apply(x, shape, scale);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale) => Centering.ApplyAdjoint(y, shape, scale);

    public override Tensor Apply(Tensor x, FrameScale scale, Tensor? bias) => Centering.Apply(x, shape, scale, bias);

    public override Tensor ApplyAdjoint(Tensor y, FrameScale scale, Tensor? bias) => Centering.ApplyAdjoint(y, shape, scale, bias);

    public override void Dispose()
    {
    }
}
