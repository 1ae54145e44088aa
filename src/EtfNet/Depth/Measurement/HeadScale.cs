using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Finds the positive factor that turns a regression's outputs into class scores with the least cross entropy.</summary>
/// <remarks>The cross entropy is convex in the factor, so that its slope has one zero, found by bisection.</remarks>
internal sealed class HeadScale : IDisposable
{
    private const long MaxNumbers = 1 << 17;
    private const double Largest = 1024;
    private const int Steps = 48;

    private readonly List<(Tensor Outputs, Tensor Labels)> _kept = [];
    private long _numbers;

    /// <summary>Takes outputs of samples, up to a limit.</summary>
    /// <param name="outputs">N x K, float64.</param>
    /// <param name="labels">N, int64; those of other classes than the K are left out.</param>
    public void Add(Tensor outputs, Tensor labels)
    {
        if (_numbers >= MaxNumbers)
            return;
        using var scope = NewDisposeScope();
        var (rows, classes) = (Math.Min(outputs.shape[0], MaxNumbers / outputs.shape[1] + 1), outputs.shape[1]);
        var (values, own) = (outputs.narrow(0, 0, rows), labels.narrow(0, 0, rows));
        var known = own.lt(classes);
        values = values[known].cpu();
        _kept.Add((values.DetachFromDisposeScope(), own[known].cpu().DetachFromDisposeScope()));
        _numbers += values.NumberOfElements;
    }

    /// <summary>The factor; 1 where there is no sample or the outputs say nothing of the labels.</summary>
    public double Find()
    {
        if (_numbers == 0)
            return 1;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var outputs = cat([.. _kept.Select(one => one.Outputs)]);
        var own = outputs.gather(1, cat([.. _kept.Select(one => one.Labels)]).unsqueeze(1)).mean().item<double>();
        if (Slope(0) >= 0)
            return 1;
        if (Slope(Largest) <= 0)
            return Largest;
        var (low, high) = (1 / Largest, Largest);
        for (var step = 0; step < Steps; step++)
        {
            var middle = Math.Sqrt(low * high);
            (low, high) = Slope(middle) < 0 ? (middle, high) : (low, middle);
        }

        return Math.Sqrt(low * high);

        double Slope(double factor)
        {
            using var inner = NewDisposeScope();
            return ((outputs * factor).softmax(1) * outputs).sum(1).mean().item<double>() - own;
        }
    }

    public void Dispose()
    {
        foreach (var (outputs, labels) in _kept)
        {
            outputs.Dispose();
            labels.Dispose();
        }

        _kept.Clear();
    }
}
