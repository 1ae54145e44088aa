using System.Collections.Concurrent;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Constant tensors that a frame's seed stands for, made at the first use for a dtype and device. No part of a layer's state: they are
/// neither saved
/// nor moved, but made again where they are needed.
/// </summary>
internal sealed class TensorCache(Func<Device, Tensor> make) : IDisposable
{
    private readonly ConcurrentDictionary<(ScalarType, DeviceType, int), Tensor> _made = new();

    public Tensor For(Tensor x, bool ownType = false)
    {
        var key = (ownType ? ScalarType.Int64 : x.dtype, x.device_type, x.device_index);
        return _made.TryGetValue(key, out var known) ? known : _made.GetOrAdd(key, _ => Make(x, ownType));
    }

    private Tensor Make(Tensor x, bool ownType)
    {
        // Ordinary tensors even where the first use happens under inference mode: they take part in later training.
        using var recording = inference_mode(false);
        using var scope = NewDisposeScope();
        var made = make(x.device);
        return (ownType ? made.to(x.device) : made.to(x.dtype, x.device)).DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in _made.Values)
            tensor.Dispose();
        _made.Clear();
    }
}
