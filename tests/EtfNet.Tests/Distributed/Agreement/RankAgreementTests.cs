using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Distributed;

public sealed class RankAgreementTests
{
    public static TheoryData<ScalarType> Types =>
        [ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Bool];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Require_SameTensors_Passes(int size) => Ended(size, (_, _) => { }).ShouldAllEnd();

    [Fact]
    public void Require_OneValueOfOneRank_NamesTheFirstTensorAndTheRank() => Ended(4, (rank, tensors) =>
    {
        if (rank != 2)
            return;
        tensors[1].Tensor[1, 2] += 1e-6f;
        tensors[2].Tensor.fill_(9);
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 2)[0].Message.Should()
        .StartWith("The parameters are not the same on all ranks: ranks 0, 1 and 3 have 'b.weight' with hash ")
        .And.Contain("; rank 2 has 'b.weight' with hash ");

    [Fact]
    public void Require_AnotherShape_NamesBoth() => Ended(2, (rank, tensors) =>
    {
        if (rank == 1)
            tensors[1] = ("b.weight", zeros(4, 3));
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should()
        .Contain("rank 0 has 'b.weight' as Float32 (3, 4); rank 1 has 'b.weight' as Float32 (4, 3)");

    [Fact]
    public void Require_AnotherName_NamesBoth() => Ended(2, (rank, tensors) =>
    {
        if (rank == 1)
            tensors[0] = ("c.weight", tensors[0].Tensor);
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 1)[0].Message.Should()
        .Contain("rank 0 has 'a.weight' as number 1; rank 1 has 'c.weight' as number 1");

    [Fact]
    public void Require_OneTensorFewer_SaysHowMany() => Ended(3, (rank, tensors) =>
    {
        if (rank == 0)
            tensors.RemoveAt(3);
    }).ShouldAllFail(CollectiveError.ValuesDiffer, 0)[0].Message.Should()
        .Contain("ranks 1 and 2 have 'empty' as number 4; rank 0 has 3 of them");

    [Theory]
    [MemberData(nameof(Types))]
    public void Fingerprint_EveryType_HoldsEveryElementAndIgnoresTheLayout(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var tensor = (Sample.Normal(3, 5, 6) * 3).to(type);
        var fingerprint = TensorFingerprint.Of("x", tensor);
        TensorFingerprint.Of("x", tensor.t().contiguous().t()).Should().Be(fingerprint, "strides are no values");
        TensorFingerprint.Of("x", tensor.clone()).Should().Be(fingerprint);
        for (var i = 0; i < 30; i += 7)
        {
            var other = tensor.clone();
            other.view(-1)[i] = type == ScalarType.Bool ? other.view(-1)[i].logical_not() : other.view(-1)[i] + 1;
            TensorFingerprint.Of("x", other).Value.Should().NotBe(fingerprint.Value);
        }
    }

    [Fact]
    public void Fingerprint_Parameter_LeavesNoTensorBehind()
    {
        using var parameter = new TorchSharp.Modules.Parameter(ones(3, 4));
        var live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        TensorFingerprint.Of("x", parameter);
        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(live);
    }

    private static IReadOnlyList<Exception?> Ended(int size, Action<int, List<(string Name, Tensor Tensor)>> change) =>
        InProcessCollective.Run(size, group =>
        {
            using var scope = NewDisposeScope();
            var tensors = Tensors();
            change(group.Rank, tensors);
            RankAgreement.Require(group, tensors, "parameters");
        });

    private static List<(string Name, Tensor Tensor)> Tensors() =>
    [
        ("a.weight", Sample.Normal(1, 2, 2)), ("b.weight", Sample.Normal(2, 3, 4).to(ScalarType.Float32)), ("scalar", tensor(4.0)),
        ("empty", zeros(0, 3)),
    ];
}
