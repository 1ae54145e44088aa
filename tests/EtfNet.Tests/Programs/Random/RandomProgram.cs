using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>
/// What users do with a training, in an order drawn from a seed, beside a plain account of what must be true after each step.
/// </summary>
internal sealed partial class RandomProgram : IDisposable
{
    public const double GoodLoss = 0.1;
    private const double BadLoss = 9;

    private readonly Random _random;
    private readonly Blobs _data;
    private readonly string _folder;
    private readonly ProgramModel _model;
    private readonly ProgramAccount _account;
    private readonly List<OptimizerHelper> _optimizers = [];
    private readonly List<Parameter> _parameters = [];
    private readonly List<string> _log = [];
    private readonly List<ProgramMoment> _moments = [];
    private readonly List<(string Layer, int[] Count)> _hooks = [];
    private ProgramSetting _setting;
    private OptimizerHelper _optimizer;
    private AdaptiveEtfScheduler? _etf;
    private bool _knowsOthers;
    private bool _wasMaterialized;

    public RandomProgram(int seed, Blobs data, string folder)
    {
        (_random, _data, _folder) = (new Random(seed + 1000), data, folder);
        _setting = ProgramSetting.Draw(seed);
        _model = _setting.MakeModel();
        _account = new ProgramAccount(_model);
        _optimizer = MakeOptimizer();
        _etf = _model.ApplyAdaptiveEtf(_setting.Options, _optimizer);
    }

    /// <summary>Gets the checkpoints that were saved, each with what came of the training an epoch later.</summary>
    public List<ResumedProgram> Saved { get; } = [];

    /// <summary>Gets whether any layer was ever fixed.</summary>
    public bool HasFixed { get; private set; }

    public override string ToString() =>
        $"{_setting.Shape}, {_setting.Optimizer}{(_setting.IsLazy ? ", lazy" : "")}, seed {_setting.Seed}: {string.Join(", ", _log)}";

    public void Run(int steps)
    {
        Do("epoch", Epoch);
        for (var step = 0; step < steps; step++)
        {
            var possible = Steps().Where(one => one.IsPossible).ToList();
            var draw = _random.Next(possible.Sum(one => one.Weight));
            var (name, _, _, action) = possible.First(one => (draw -= one.Weight) < 0);
            Do(name, action);
        }
    }

    public void Dispose()
    {
        _etf?.Dispose();
        _optimizers.ForEach(optimizer => optimizer.Dispose());
        _model.Dispose();
        // What is left of replaced layers lies with whoever held their parameters: here this list.
        foreach (var parameter in _parameters.Where(parameter => !parameter.IsInvalid))
            parameter.Dispose();
    }

    private IEnumerable<(string Name, int Weight, bool IsPossible, Action Action)> Steps() =>
    [
        ("epoch", 8, true, Epoch),
        ("bad epoch", 3, _setting.HasGuard && _etf is not null, BadEpoch),
        ("revert", 4, _etf is not null && _account.Fixed.Any(), Revert),
        ("allow", 2, _etf is not null && _account.Held.Count > 0, Allow),
        ("snapshot", 3, _etf is not null, Snapshot),
        ("restore", 3, _etf is not null && _moments.Count > 0, Restore),
        ("save", 3, _etf is not null && !_wasMaterialized && _account.Names.Any(name => !_account.Shared.Contains(name)), Save),
        ("replace optimizer", 3, true, ReplaceOptimizer),
        ("remove and add optimizer", 2, _etf is not null, RemoveAndAddOptimizer),
        ("move to another type", 1, _setting.Tied.Count == 0, Move),
        ("materialize", 1, _account.Fixed.Any(), Materialize),
        ("use a weight elsewhere", 1, _account.Trained.Any(), Use),
        ("tie two weights", 1, _setting.Tied.Count == 0 && Pair() is not null, Tie),
        ("hook", 1, true, Hook),
    ];

    private void Do(string name, Action action)
    {
        _log.Add(name);
        _parameters.AddRange(_model.parameters().Where(parameter => !_parameters.Exists(known => ReferenceEquals(known, parameter))));
        try
        {
            action();
            _account.Check(_model, _optimizer, _etf);
            CheckHooks();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{this}: {exception.Message}", exception);
        }
    }

    private OptimizerHelper MakeOptimizer()
    {
        var optimizer = _setting.MakeOptimizer(_model);
        _optimizers.Add(optimizer);
        return optimizer;
    }

    private T Pick<T>(IEnumerable<T> from) => from.ToList() is var list ? list[_random.Next(list.Count)] : default!;

    private void Train() => _account.Train(_model, () => ProgramEpoch.Train(_model, _optimizer, _etf, _data, _setting.Dtype));

    private float[] Outputs() => ProgramAccount.Outputs(_model, _data, _setting.Dtype);
}
