using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Records when each layer's output is ready within a forward, excluding the time that measuring takes.</summary>
internal sealed class DepthClock : IFeatureClock
{
    private readonly Dictionary<string, List<double>> _seconds = [];
    private readonly Dictionary<string, double> _batch = [];
    private readonly List<double> _totals = [];
    private long _start;
    private long _own;
    private long _entered;

    /// <summary>Starts a batch.</summary>
    public void Start() => (_start, _own) = (Stopwatch.GetTimestamp(), 0);

    /// <summary>Ends a batch.</summary>
    /// <param name="samples">Its samples.</param>
    /// <param name="isOnDevice">Whether the work is done by a device that may be behind.</param>
    public void Stop(long samples, bool isOnDevice)
    {
        var seconds = Elapsed(isOnDevice);
        _totals.Add(seconds / samples);
        foreach (var (name, value) in _batch)
            (_seconds.TryGetValue(name, out var list) ? list : _seconds[name] = []).Add(value / samples);
        _batch.Clear();
    }

    public void Entered(string layer, Tensor output)
    {
        _batch[layer] = Elapsed(IsOnDevice(output));
        _entered = Stopwatch.GetTimestamp();
    }

    public void Left(Tensor output)
    {
        Wait(IsOnDevice(output));
        _own += Stopwatch.GetTimestamp() - _entered;
    }

    /// <summary>The median over the batches of the microseconds per sample up to a layer; null where it was never called.</summary>
    public double? Microseconds(string layer) => _seconds.TryGetValue(layer, out var list) ? Median(list) : null;

    /// <summary>The same for the whole model.</summary>
    public double Microseconds() => Median(_totals);

    private double Elapsed(bool onDevice)
    {
        Wait(onDevice);
        return (double)(Stopwatch.GetTimestamp() - _start - _own) / Stopwatch.Frequency;
    }

    private static void Wait(bool onDevice)
    {
        if (onDevice)
            cuda.synchronize();
    }

    private static double Median(List<double> seconds)
    {
        var sorted = seconds.Order().ToList();
        return 1e6 * (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static bool IsOnDevice(Tensor output) => output.device_type == DeviceType.CUDA;
}
