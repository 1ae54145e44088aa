using EtfNet.Tests.Distributed;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Devices;

/// <summary>Ranks whose models lie on a CUDA device.</summary>
public sealed class CudaCollectiveTests
{
    [CudaFact]
    public void Reduce_GradientsOnCuda_AreAveragedThere() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        using var reducer = new GradientReducer(group, 64);
        var used = new Parameter(zeros(5, 7, device: CUDA));
        var unusedOnOne = new Parameter(zeros(3, device: CUDA));
        used.grad = ones(5, 7, device: CUDA) * (group.Rank + 1);
        if (group.Rank == 0)
            unusedOnOne.grad = ones(3, device: CUDA);
        reducer.Reduce([("used", used), ("unused", unusedOnOne)]);
        used.grad!.device.type.Should().Be(TorchSharp.DeviceType.CUDA);
        unusedOnOne.grad!.device.type.Should().Be(TorchSharp.DeviceType.CUDA);
        Sample.Max(used.grad.cpu() - 1.5).Should().Be(0);
        Sample.Max(unusedOnOne.grad.cpu() - 0.5).Should().Be(0);
    }).ShouldAllEnd();

    [CudaFact]
    public void BroadcastAndAgreement_TensorsOnCuda_AreThoseOfTheRoot() => InProcessCollective.Run(2, group =>
    {
        using var scope = NewDisposeScope();
        List<(string, Tensor)> tensors = [("weight", Sample.Normal(group.Rank, 9, 4).cuda())];
        TensorBroadcast.Run(group, tensors, "weights");
        RankAgreement.Require(group, tensors, "weights");
        Sample.Max(tensors[0].Item2.cpu() - Sample.Normal(0, 9, 4)).Should().Be(0);
    }).ShouldAllEnd();
}
