using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary><see cref="ClassDistances"/> that are gathered on a device.</summary>
internal sealed class DeviceDistances(ClassDistances host, Device device) : IDisposable
{
    private readonly Tensor _sum = DeviceCopy.Of(tensor(host.Sum), device);
    private readonly Tensor _least = DeviceCopy.Of(tensor(host.Least), device);
    private readonly Tensor _count = DeviceCopy.Of(tensor(host.Count), device);

    public void Add(Tensor distances, Tensor members, int most)
    {
        var used = members.logical_and(_count.lt(most));
        var wide = distances.to(float64).unsqueeze(1);
        _least.copy_(minimum(_least, where(used, wide, full_like(wide, double.PositiveInfinity)).min(0).values));
        _sum.add_(where(used, wide, zeros_like(wide)).sum([0L]));
        _count.add_(used.sum(0L));
    }

    public void Flush()
    {
        MemoryMarshal.Cast<byte, double>(_sum.cpu().bytes).CopyTo(host.Sum);
        MemoryMarshal.Cast<byte, double>(_least.cpu().bytes).CopyTo(host.Least);
        MemoryMarshal.Cast<byte, long>(_count.cpu().bytes).CopyTo(host.Count);
    }

    public void Dispose()
    {
        _sum.Dispose();
        _least.Dispose();
        _count.Dispose();
    }
}
