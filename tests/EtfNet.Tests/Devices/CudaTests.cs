using System.Diagnostics;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Devices;

/// <summary>The same code on a CUDA device: the same results, and no waiting for the device within a training step.</summary>
public sealed class CudaTests
{
    private const long Width = 256;
    private const int Classes = 10;

    [CudaFact]
    public void Layers_OnCuda_EqualTheCpu()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var x = randn([64, Width], dtype: float64, generator: generator);
        var gradient = randn([64, Width], dtype: float64, generator: generator);
        foreach (var etf in Frames(generator))
        {
            using var here = new SimplexEtfLinear(etf, dtype: float64);
            using var there = new SimplexEtfLinear(etf, dtype: float64, device: CUDA);
            var (output, input) = Pass(here, x, gradient);
            var (cudaOutput, cudaInput) = Pass(there, x.cuda(), gradient.cuda());
            (cudaOutput.cpu() - output).abs().max().item<double>().Should().BeLessThan(1e-10, etf.ToString());
            (cudaInput.cpu() - input).abs().max().item<double>().Should().BeLessThan(1e-10, etf.ToString());
        }
    }

    [CudaFact]
    public void Convolutions_OnCuda_EqualTheCpu()
    {
        using var scope = NewDisposeScope();
        for (var seed = 0; seed < 60; seed++)
        {
            var drawn = new RandomConvolution(seed, float64);
            using var layer = drawn.Layer;
            drawn.Dense.Dispose();
            var gradient = Sample.Normal(seed, layer.call(drawn.Input).shape);
            var (output, input) = Pass(layer, drawn.Input, gradient);
            layer.to(CUDA);
            var (cudaOutput, cudaInput) = Pass(layer, drawn.Input.cuda(), gradient.cuda());
            Sample.Max(cudaOutput.cpu() - output).Should().BeLessThan(1e-10, drawn.Description);
            Sample.Max(cudaInput.cpu() - input).Should().BeLessThan(1e-10, drawn.Description);
        }
    }

    [CudaFact]
    public void Monitor_OnCuda_EqualsTheCpu()
    {
        using var scope = NewDisposeScope();
        using var model = Model();
        var (x, y) = Data();
        using var onDevice = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1, Metrics = CollapseMetricSet.Cheap });
        var actual = Watch(onDevice, model.to(CUDA), x.cuda(), y.cuda());
        using var here = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1, Metrics = CollapseMetricSet.Cheap });
        var expected = Watch(here, model.to(CPU), x, y);

        foreach (var (a, b) in actual.Layers.Zip(expected.Layers))
        {
            (a.Samples, a.Observed, a.PresentClasses).Should().Be((b.Samples, b.Observed, b.PresentClasses));
            a.NccError.Should().BeApproximately(b.NccError!.Value, 0.01);
            a.Cdnv.Should().BeApproximately(b.Cdnv!.Value, 1e-3 * b.Cdnv.Value);
        }
    }

    /// <summary>
    /// The device is given a second of work, then the hot path runs. Anything in it that waits for the device (an <c>item</c>, a copy to
    /// the host) would take
    /// that second; without, the second is spent in the synchronization that follows.
    /// </summary>
    [CudaFact]
    public void HotPath_DeviceBusy_DoesNotWaitForIt()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2);
        using var model = Model(Frames(generator)).to(CUDA);
        using var optimizer = optim.SGD(model.parameters(), 0.01, momentum: 0.9);
        using var monitor = new NccMonitor(model, new NccMonitorOptions { ScoreEvery = 1, ClassCount = Classes });
        var (x, y) = Data();
        (x, y) = (x.cuda(), y.cuda());
        for (var epoch = 0; epoch < 2; epoch++)
        {
            for (var i = 0; i < 3; i++)
                Step();
            monitor.EndEpoch();
        }

        Step();
        var big = ones([8192, 8192], device: CUDA);
        big.mm(big).Dispose();
        cuda.synchronize();
        var once = Seconds(() =>
        {
            big.mm(big).Dispose();
            cuda.synchronize();
        });
        for (var i = 0; i < 1.0 / once; i++)
            big.mm(big).Dispose();
        var hotPath = Seconds(Step);
        var wait = Seconds(() => cuda.synchronize());

        wait.Should().BeGreaterThan(3 * hotPath, "the device's work is still to be waited for when the step has been given to it");

        void Step()
        {
            using var inner = NewDisposeScope();
            optimizer.zero_grad();
            nn.functional.cross_entropy(model.call(x), y).backward();
            optimizer.step();
            monitor.Observe(y);
        }
    }

    private static double Seconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static IReadOnlyList<SimplexEtf> Frames(Generator generator)
    {
        var weight = randn([Width, Width], dtype: float64, generator: generator);
        var inputs = randn([512, Width], dtype: float64, generator: generator);
        return
        [
            SimplexEtf.Create(EtfFrame.Identity, Width, Width),
            SimplexEtf.Create(EtfFrame.Random(3), Width, Width),
            SimplexEtf.NearestTo(weight),
            SimplexEtf.AlignedTo(weight, inputs, 20),
        ];
    }

    private static Sequential Model(IEnumerable<SimplexEtf>? frames = null) => nn.Sequential(
    [
        ("first", nn.Linear(32, Width)),
        ("act", nn.ReLU()),
        .. (frames ?? []).Select((etf, index) => ($"etf{index}", (nn.Module<Tensor, Tensor>)new SimplexEtfLinear(etf))),
        ("last", nn.Linear(Width, Classes)),
    ]);

    private static (Tensor Input, Tensor Labels) Data()
    {
        using var generator = new Generator(4);
        var y = arange(500, dtype: int64).remainder(Classes);
        return (randn([Classes, 32], generator: generator).index_select(0, y) + (0.5 * randn([500, 32], generator: generator)), y);
    }

    private static CollapseReport Watch(NccMonitor monitor, nn.Module<Tensor, Tensor> model, Tensor x, Tensor y)
    {
        for (var epoch = 0; epoch < 2; epoch++)
        {
            model.call(x).Dispose();
            monitor.Observe(y);
            if (epoch == 0)
                monitor.EndEpoch();
        }

        return monitor.EndEpoch();
    }

    private static (Tensor Output, Tensor InputGradient) Pass(nn.Module<Tensor, Tensor> layer, Tensor x, Tensor gradient)
    {
        var input = x.detach().clone().requires_grad_(true);
        var output = layer.call(input);
        output.backward([gradient]);
        return (output.detach(), input.grad!);
    }
}
