using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Features;

/// <summary>Where a layer's features are taken is part of a saved state.</summary>
public sealed class FlowStateTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Blobs _data = new(samples: 160, noise: 2);
    private readonly Domains _model;

    public FlowStateTests()
    {
        manual_seed(1);
        _model = new Domains();
    }

    public void Dispose()
    {
        _data.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void Load_StateOfOwnOutputs_ContinuesWithThem()
    {
        using var state = new MemoryStream();
        double? wanted;
        using (var monitor = Monitor())
        {
            Epoch(monitor, domains: 2);
            Epoch(monitor, domains: 2);
            monitor.Save(state);
            wanted = Epoch(monitor, domains: 2);
        }

        state.Position = 0;
        using var resumed = Monitor();
        resumed.Load(state);
        Epoch(resumed, domains: 2).Should().Be(wanted).And.NotBeNull();
    }

    [Fact]
    public void Load_StateTakenBehindTheNorm_AfterTheNormHasChanged_ScoresNothingAgainstIt()
    {
        using var state = new MemoryStream();
        using var monitor = Monitor();
        Epoch(monitor, domains: 1);
        Epoch(monitor, domains: 1).Should().NotBeNull();
        monitor.Save(state);
        Epoch(monitor, domains: 2);

        state.Position = 0;
        monitor.Load(state);
        Epoch(monitor, domains: 2).Should().BeNull("the centers are of another place");
        Epoch(monitor, domains: 2).Should().NotBeNull();
    }

    private NccMonitor Monitor() => new(_model, new NccMonitorOptions { ClassCount = Blobs.Classes });

    /// <summary>The first layer's error after an epoch whose batches go through some norms in turn.</summary>
    private double? Epoch(NccMonitor monitor, int domains)
    {
        foreach (var (i, (input, labels)) in _data.Batches().Index())
        {
            _model.Domain = i % domains;
            _model.call(input);
            monitor.Observe(labels);
        }

        return monitor.EndEpoch().Layers.Single(layer => layer.Name == "first").NccError;
    }

    private sealed class Domains : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> first = nn.Linear(16, 8);
        private readonly nn.Module<Tensor, Tensor> norm0 = nn.BatchNorm1d(8);
        private readonly nn.Module<Tensor, Tensor> norm1 = nn.BatchNorm1d(8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, 4);

        public Domains()
            : base(nameof(Domains)) => RegisterComponents();

        public int Domain { get; set; }

        public override Tensor forward(Tensor input) => head.call((Domain == 0 ? norm0 : norm1).call(first.call(input)).relu());
    }
}
