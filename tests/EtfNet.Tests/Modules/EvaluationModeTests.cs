using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Modules;

/// <summary>Measuring a model leaves its buffers and the random generator as they were.</summary>
public sealed class EvaluationModeTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Evaluate_ModelThatCountsAndDraws_LeavesBothAsTheyWere()
    {
        using var model = new Counting();
        using var data = new Blobs(64);
        using var monitor = new NccMonitor(model);
        random.manual_seed(5);
        var expected = randn(3).data<float>().ToArray();
        random.manual_seed(5);
        monitor.Evaluate(data.Batches());
        randn(3).data<float>().ToArray().Should().Equal(expected);
        model.Forwards.item<float>().Should().Be(0);
        model.training.Should().BeTrue();
    }

    [Fact]
    public void LoadAndRestore_BufferWhoseElementsShareMemory_Work()
    {
        using var model = new Counting();
        using var fresh = new Counting();
        using var stream = new MemoryStream();
        using (no_grad())
            model.Mask.fill_(7);
        EtfCheckpoint.Save(stream, model);
        stream.Position = 0;
        EtfCheckpoint.Load(stream, fresh);
        fresh.Mask.data<float>().ToArray().Should().OnlyContain(value => value == 7);
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));

        using var etf = fresh.ApplyAdaptiveEtf(0.1);
        var snapshot = etf.Snapshot();
        using (no_grad())
            foreach (var parameter in fresh.parameters())
                parameter.add_(1);
        etf.Restore(snapshot);
        ModelBytes.Of(fresh).Should().Equal(ModelBytes.Of(model));
    }

    private sealed class Counting : nn.Module<Tensor, Tensor>
    {
        private readonly nn.Module<Tensor, Tensor> hidden = nn.Linear(Blobs.Width, 8);
        private readonly nn.Module<Tensor, Tensor> head = nn.Linear(8, Blobs.Classes);

        public Counting()
            : base(nameof(Counting))
        {
            RegisterComponents();
            register_buffer("forwards", Forwards);
            register_buffer("mask", Mask.expand(3, Blobs.Width));
        }

        public Tensor Forwards { get; } = zeros(1);

        public Tensor Mask { get; } = ones(1, Blobs.Width);

        public override Tensor forward(Tensor input)
        {
            using (no_grad())
                Forwards.add_(1);
            return head.call(hidden.call(input + randn_like(input)).relu());
        }
    }
}
