using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Adaptive.Optimizers;

/// <summary>Optimizers that cannot be taken, alone or among good ones: a typed error, and everything as before.</summary>
public sealed class BadOptimizerTests : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> _model = Shapes.Make("ModuleField");
    private readonly nn.Module<Tensor, Tensor> _other = Shapes.Make("ModuleField");
    private readonly Blobs _data = new();
    private readonly TemporaryFolder _folder = new();
    private readonly Adam _good;

    public BadOptimizerTests() => _good = optim.Adam(_model.parameters(), 0.005);

    public static TheoryData<string, Type> Kinds => new()
    {
        { "null", typeof(ArgumentNullException) },
        { "another model's", typeof(ArgumentException) },
        { "disposed", typeof(ObjectDisposedException) },
        { "native", typeof(NotSupportedException) },
        { "made before the model was moved", typeof(ArgumentException) },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ApplyAdaptiveEtf_BadOptimizer_ThrowsAndWatchesNothing(string kind, Type exception)
    {
        var bad = Make(kind);
        Refuses(exception, () => _model.ApplyAdaptiveEtf(new AdaptiveEtfOptions(), _good, bad!));
        using var etf = _model.ApplyAdaptiveEtf(new AdaptiveEtfOptions(), _good);
        Refuses(exception, () => _model.ApplyAdaptiveEtf(new AdaptiveEtfOptions(), optim.Adam(_model.parameters(), 0.1), bad!));
        etf.Optimizers.Should().Equal(_good);
        Refuses(exception, () => etf.AddOptimizer(bad!));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void ApplyEtf_BadOptimizer_ThrowsAndFixesNothing(string kind, Type exception)
    {
        var bad = Make(kind);
        Refuses(exception, () => _model.ApplyEtf(EtfFrame.Identity, ["hidden"], [_good, bad!]));
    }

    [Theory]
    [InlineData("null", typeof(ArgumentNullException))]
    [InlineData("disposed", typeof(ObjectDisposedException))]
    [InlineData("native", typeof(NotSupportedException))]
    public void Checkpoints_BadOptimizer_ThrowAndChangeNothing(string kind, Type exception)
    {
        var bad = Make(kind);
        EtfCheckpoint.Save(_folder.File("good.etf"), _model, _good);
        Refuses(exception, () => EtfCheckpoint.Save(_folder.File("bad.etf"), _model, _good, bad!));
        File.Exists(_folder.File("bad.etf")).Should().BeFalse();
        Refuses(exception, () => EtfCheckpoint.Load(_folder.File("good.etf"), _model, bad!));
    }

    /// <summary>The known optimizer is disposed in the middle of a training: it is forgotten at the next occasion.</summary>
    [Theory]
    [InlineData("EndEpoch")]
    [InlineData("Snapshot")]
    [InlineData("Revert")]
    [InlineData("Restore")]
    public void KnownOptimizer_Disposed_IsForgotten(string by)
    {
        using var etf = _model.ApplyAdaptiveEtf(TrainingLoop.Eager with { Include = ["hidden"] }, _good);
        TrainingLoop.UntilFixed(_model, _good, _data, etf, "hidden");
        TrainingLoop.Epoch(_model, _good, _data, etf);
        var snapshot = etf.Snapshot();
        _good.Dispose();
        switch (by)
        {
            case "EndEpoch":
                etf.EndEpoch();
                break;
            case "Snapshot":
                etf.Snapshot().State.Texts.Should().NotContainKey("optimizer.0.type");
                break;
            case "Revert":
                etf.Revert("hidden");
                break;
            default:
                etf.Restore(snapshot);
                break;
        }

        etf.Optimizers.Should().BeEmpty();
        using var next = optim.SGD(_model.parameters(), 0.05);
        etf.AddOptimizer(next);
        TrainingLoop.Epoch(_model, next, _data, etf);
    }

    public void Dispose()
    {
        _good.Dispose();
        _model.Dispose();
        _other.Dispose();
        _data.Dispose();
        _folder.Dispose();
    }

    private optim.Optimizer? Make(string kind)
    {
        switch (kind)
        {
            case "another model's":
                return optim.SGD(_other.parameters(), 0.1);
            case "disposed":
                var disposed = optim.Adam(_model.parameters(), 0.1);
                disposed.Dispose();
                return disposed;
            case "native":
                return optim.LBFGS(_model.parameters());
            case "made before the model was moved":
                var list = optim.SGD(_other.parameters().ToList(), 0.1);
                _other.to(float64);
                return list;
            default:
                return null;
        }
    }

    private void Refuses(Type exception, Action action)
    {
        var before = Reading();
        action.Should().Throw<Exception>().Which.Should().BeOfType(exception);
        Reading().Should().Equal(before);
    }

    private IReadOnlyList<string> Reading() =>
    [
        .. TrainingReading.Weights(_model), .. TrainingReading.Names(_good, _model), .. TrainingReading.State(_good),
        EtfPlan.Of(_model).ToJson(),
    ];
}
