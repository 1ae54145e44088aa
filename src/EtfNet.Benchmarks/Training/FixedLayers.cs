using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring;
using EtfNet.Benchmarks.Measuring.Limits;

namespace EtfNet.Benchmarks.Training;

/// <summary>A training step, and the memory that it holds, as more of ten hidden layers of width 1024 are fixed. The scheduler is not
/// watching.</summary>
public class FixedLayers : Subject
{
    private TrainingRig _rig = null!;

    /// <summary>The number of fixed layers, the last ones.</summary>
    [Params(0, 2, 4, 6, 8)]
    public int Fixed { get; set; }

    internal override string ShapeName => $"{Fixed} of 10 fixed";

    /// <summary>Forward, backward, SGD with momentum, batch 128.</summary>
    [Benchmark]
    public void Step() => _rig.Step();

    // Forward and both gradients of what is trained; forward and input gradient of aligned layers of rank 20.
    internal override Cost CostOf(string method)
    {
        var (batch, width) = ((double)TrainingRig.Batch, (double)TrainingRig.Width);
        return new Cost(0, (6 * batch * ((784 * width) + ((9 - Fixed) * width * width))) + (Fixed * 16 * batch * width * 2 * TrainingRig.Classes));
    }

    private protected override void Prepare()
    {
        _rig = Hold(new TrainingRig(Device).FixLast(Fixed));
        _rig.Step();
        Hold(_rig.Model);
        Hold(_rig.Optimizer);
    }
}
