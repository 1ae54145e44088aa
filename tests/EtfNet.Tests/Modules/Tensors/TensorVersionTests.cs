using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Modules;

/// <summary>What libtorch knows of a tensor's storage.</summary>
public sealed class TensorVersionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Of_GrowsWithEachWriteIntoTheStorage_ThroughAnyView()
    {
        var tensor = randn(4, 3);
        TensorVersion.Of(tensor).Should().NotBeNull("the libtorch that TorchSharp ships has the functions");
        var before = TensorVersion.Of(tensor);
        _ = tensor + 1;
        TensorVersion.Of(tensor).Should().Be(before);
        tensor.add_(1);
        TensorVersion.Of(tensor).Should().Be(before + 1);
        tensor.narrow(0, 1, 2).zero_();
        TensorVersion.Of(tensor).Should().Be(before + 2);
        TensorVersion.Of(tensor.detach()).Should().Be(before + 2);
        TensorVersion.Of(tensor.clone()).Should().Be(0);
    }

    [Fact]
    public void Of_InferenceTensor_IsNotKnown()
    {
        using var inference = inference_mode();
        TensorVersion.Of(ones(3)).Should().BeNull();
    }

    [Fact]
    public void Address_IsThatOfTheFirstElement()
    {
        var tensor = randn(4, 3);
        TensorVersion.Address(tensor.detach()).Should().Be(TensorVersion.Address(tensor));
        TensorVersion.Address(tensor.narrow(0, 1, 2)).Should().Be(TensorVersion.Address(tensor) + (3 * sizeof(float)));
        TensorVersion.Address(tensor.clone()).Should().NotBe(TensorVersion.Address(tensor));
    }

    [Fact]
    public void AnyUse_Repeated_LeavesNoTensor()
    {
        var tensor = ones(3);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        for (var i = 0; i < 100; i++)
            _ = (TensorVersion.Of(tensor), TensorVersion.Address(tensor));
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
        TensorVersion.Of(tensor).Should().Be(0);
    }
}
