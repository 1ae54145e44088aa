using EtfNet.Benchmarks.Layers;
using EtfNet.Benchmarks.Training;

namespace EtfNet.Benchmarks.Ratios.Convolutions;

/// <summary>A whole training step of a ResNet18 on 32 x 32 with the 3 x 3 convolutions of the last stage fixed, against the same network
/// plain.</summary>
internal sealed class ConvStepRatio : Ratio
{
    public override string Name => "convStep";

    public override IEnumerable<RatioCase> Cases() =>
        [new RatioCase("resNetStep", ResNetRig.Batch, ResNet18.Widest, ConvolutionLayers.Rank, Prepare)];

    private static PairedWork Prepare()
    {
        var (rig, baseline) = (new ResNetRig(fixesLastStage: true), new ResNetRig(fixesLastStage: false));
        return new PairedWork(() => rig.Step(), () => baseline.Step(), 0, rig, baseline);
    }
}
