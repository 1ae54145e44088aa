using System.Reflection;
using BenchmarkDotNet.Attributes;
using EtfNet.Benchmarks.Measuring.Limits;
using EtfNet.Benchmarks.PyTorch;
using EtfNet.Benchmarks.Setup;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>What is measured: BenchmarkDotNet runs it, and so do the commands that alternate its methods.</summary>
public abstract class Subject : IDisposable
{
    private readonly List<IDisposable> _held = [];

    /// <summary>The one that is set up now: BenchmarkDotNet makes the objects itself.</summary>
    internal static Subject? Current { get; private set; }

    /// <summary>Tensors, modules and optimizers held between runs.</summary>
    internal long LiveTensorBytes => TensorBytes.Of(_held);

    /// <summary>The benchmarked methods.</summary>
    internal IEnumerable<MethodInfo> Methods => MethodsOf(GetType());

    /// <summary>The shape in words, for tables; empty where there is but one.</summary>
    internal virtual string ShapeName => "";

    /// <summary>The same work in PyTorch, for runs that have a peer.</summary>
    internal virtual IReadOnlyList<PeerWork> Peers => [];

    private protected static Device Device => RunSettings.Current.Device;

    /// <summary>The benchmarked methods of a class, in the order in which they stand.</summary>
    internal static IEnumerable<MethodInfo> MethodsOf(Type type) =>
        type.GetMethods().Where(method => method.IsDefined(typeof(BenchmarkAttribute))).OrderBy(method => method.MetadataToken);

    /// <summary>Makes everything that is no part of the measured work.</summary>
    [GlobalSetup]
    public void Setup()
    {
        RunSettings.Current.Apply();
        Current = this;
        Prepare();
        RunSettings.Current.Synchronize();
    }

    /// <summary>Releases everything.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        foreach (var held in Enumerable.Reverse(_held))
            held.Dispose();
        _held.Clear();
        Current = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>What a method must move and compute at this shape; known without <see cref="Setup"/>.</summary>
    internal virtual Cost CostOf(string method) => default;

    private protected abstract void Prepare();

    /// <summary>Takes something over that <see cref="Dispose"/> releases and whose bytes count.</summary>
    private protected T Hold<T>(T held)
        where T : IDisposable
    {
        _held.Add(held);
        return held;
    }

    /// <summary>Standard normal values that are the same on every device.</summary>
    private protected Tensor Normal(int seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed);
        using var here = randn(shape, generator: generator);
        return Hold(here.to(Device, copy: true).DetachFromDisposeScope());
    }
}
