namespace EtfNet.Benchmarks.Training;

/// <summary>A training step, and the memory that it holds, as more of ten hidden layers of width 1024 are fixed.</summary>
public class FixedLayers : Subject
{
    private TrainingRig _rig = null!;
    private Action? _observe;

    /// <summary>The number of fixed layers, the last ones.</summary>
    [Params(0, 2, 4, 6, 8)]
    public int Fixed { get; set; }

    /// <summary>Whether the scheduler watches, as in a training; it fixes nothing more.</summary>
    internal bool IsWatched { get; init; }

    /// <summary>Forward, backward, SGD with momentum, batch 128.</summary>
    [Benchmark]
    public void Step() => _rig.Step(_observe);

    // Forward and both gradients of what is trained; forward and input gradient of aligned layers of rank 20.
    internal override Cost CostOf(string method)
    {
        const double batch = TrainingRig.Batch, width = TrainingRig.Width;
        var trained = (TrainingRig.Inputs * width) + ((TrainingRig.Hidden - 1 - Fixed) * width * width);
        return new Cost(0, (6 * batch * trained) + (Fixed * 16 * batch * width * 2 * TrainingRig.Classes));
    }

    private protected override void Prepare()
    {
        _rig = Hold(new TrainingRig());
        _rig.FixLast(Fixed);
        Hold(_rig.Model);
        Hold(_rig.Optimizer);
        if (IsWatched)
        {
            var scheduler = Hold(_rig.Model.ApplyAdaptiveEtf(1e-9, _rig.Optimizer));
            _observe = () => scheduler.Observe(_rig.Labels);
        }

        _rig.Step(_observe);
    }
}
