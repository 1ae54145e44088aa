namespace EtfNet.Benchmarks.Limits;

/// <summary>A copy between two tensors: as fast as memory can be moved, which caches make a matter of size.</summary>
public class PlainCopy : Subject
{
    private Tensor _source = null!;
    private Tensor _target = null!;

    /// <summary>The bytes read and written together.</summary>
    [Params(1 << 16, 1 << 18, 1 << 20, 1 << 22, 1 << 24, 1 << 26, 1 << 28)]
    public long Bytes { get; set; }

    /// <summary>Into a tensor that is there.</summary>
    [Benchmark]
    public void Copy() => _target.copy_(_source);

    internal override Cost CostOf(string method) => new(Bytes, 0);

    private protected override void Prepare()
    {
        _source = Hold(ones(Bytes / sizeof(float) / 2, device: Device));
        _target = Hold(empty_like(_source));
    }
}
