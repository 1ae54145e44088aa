using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <content>The steps.</content>
internal sealed partial class RandomProgram
{
    private void Epoch() => Epoch(GoodLoss);

    private void BadEpoch() => Epoch(BadLoss);

    private void Epoch(double loss)
    {
        Train();
        if (_etf is null)
            return;
        var before = _account.Values(_model);
        var report = _setting.HasGuard ? _etf.EndEpochWithLoss(loss) : _etf.EndEpoch();
        foreach (var name in report.Reverted)
            _account.GuardTakesBack(_model, name);
        if (report.NewlyFixed.Count > 0)
            _log[^1] += " fixes " + string.Join(" and ", report.NewlyFixed.Select(layer => layer.Name));
        foreach (var layer in report.NewlyFixed)
            _account.Fix(_model, layer, before[layer.Name], _setting.HasGuard);
        HasFixed |= report.NewlyFixed.Count > 0;
        _account.EndTrials(report);
    }

    private void Revert()
    {
        var name = Pick(_account.Fixed);
        _log[^1] += " of " + name;
        var outputs = Outputs();
        var onTrial = _account.Revert(name);
        _etf!.Revert(name);
        if (onTrial)
            _account.RequireAsBefore(_model, name);
        else
            ProgramAccount.RequireNear(outputs, Outputs(), "reverting");
    }

    private void Allow()
    {
        var name = Pick(_account.Held);
        _etf!.Allow(name);
        _account.Held.Remove(name);
    }

    private void Snapshot() => _moments.Add(new ProgramMoment(_etf!.Snapshot(), _account.Copy(), Reading(), _optimizer, _setting));

    private void Restore()
    {
        var moment = Pick(_moments);
        if (moment.Setting.IsDouble != _setting.IsDouble)
        {
            var before = Reading();
            Refuses<EtfStateException>(() => _etf!.Restore(moment.Snapshot));
            Require(before.SequenceEqual(Reading()), "a refused snapshot changed something");
            return;
        }

        _etf!.Restore(moment.Snapshot);
        _account.Take(moment.Account);
        var (then, now) = (moment.Reading, Reading());
        // Of another optimizer than then nothing is known but what the account checks.
        var count = ReferenceEquals(moment.Optimizer, _optimizer) ? then.Count : _model.state_dict().Count;
        Require(then.Take(count).SequenceEqual(now.Take(count)), "a restored snapshot differs from what it was taken of");
    }

    private void Save()
    {
        if (_knowsOthers)
            foreach (var optimizer in _optimizers.Where(optimizer => optimizer != _optimizer))
                _etf!.RemoveOptimizer(optimizer);
        _knowsOthers = false;
        var path = Path.Combine(_folder, $"{_setting.Seed}-{_log.Count}.etf");
        EtfCheckpoint.Save(path, _etf!);
        // What a guard kept is not saved: here it ends its trials as well.
        _etf!.Restore(_etf.Snapshot());
        _account.EndTrials();
        var saved = new ResumedProgram(_setting, path, "", ToString());
        Epoch();
        Saved.Add(saved with { Hash = ProgramEpoch.Hash(_model, _optimizer) });
    }

    private void ReplaceOptimizer()
    {
        var old = _optimizer;
        var outputs = Outputs();
        _setting = _setting with { Optimizer = Pick(ProgramSetting.Optimizers), IsLazy = _random.Next(2) == 0 };
        _optimizer = MakeOptimizer();
        switch (_random.Next(4))
        {
            case 0:
                _etf?.RemoveOptimizer(old);
                _etf?.AddOptimizer(_optimizer);
                break;
            case 1:
                old.Dispose();
                _etf?.AddOptimizer(_optimizer);
                break;
            case 2:
                _etf?.AddOptimizer(_optimizer);
                old.Dispose();
                break;
            default:
                _etf?.AddOptimizer(_optimizer);
                _knowsOthers = true;
                break;
        }

        Require(outputs.SequenceEqual(Outputs()), "another optimizer changed the outputs");
    }

    private void RemoveAndAddOptimizer()
    {
        var before = Reading();
        Require(_etf!.RemoveOptimizer(_optimizer), "the optimizer in use was not known");
        if (_random.Next(2) == 0 && _account.Fixed.Any())
        {
            _etf.AddOptimizer(_optimizer);
            Revert();
        }
        else
        {
            _etf.AddOptimizer(_optimizer);
            Require(before.SequenceEqual(Reading()), "an optimizer that was taken out and put in again changed");
        }
    }

    private void Move()
    {
        var outputs = Outputs();
        _setting = _setting with { IsDouble = !_setting.IsDouble };
        // TorchSharp leaves a wrapper of each gradient behind that it moves.
        _model.zero_grad();
        _model.to(_setting.Dtype);
        _account.Moved();
        foreach (var index in Enumerable.Range(0, _model.Uses.Count))
            _model.Uses[index] = ProgramSetting.Layer(_model, _setting.Used[index]).Weight;
        if (_random.Next(2) == 0)
            _etf?.RemoveOptimizer(_optimizer);
        _optimizer = MakeOptimizer();
        _etf?.AddOptimizer(_optimizer);
        ProgramAccount.RequireNear(outputs, Outputs(), "moving to another type");
    }

    private void Materialize()
    {
        _etf?.Dispose();
        _etf = null;
        var (outputs, parameters) = (Outputs(), _model.parameters().ToList());
        var names = _model.MaterializeEtf();
        Require(names.Order().SequenceEqual(_account.Fixed.Order()), "not the fixed layers became plain ones");
        var after = _model.parameters().ToList();
        var same = after.Zip(parameters).Count(pair => ReferenceEquals(pair.First, pair.Second));
        Require(after.Count == same && parameters.Count == same, "the parameters changed");
        ProgramAccount.RequireNear(outputs, Outputs(), "materializing");
        _account.Materialize();
        _account.Check(_model, _optimizer, _etf);
        Train();
        (_wasMaterialized, _knowsOthers) = (true, false);
        _moments.Clear();
        _etf = _model.ApplyAdaptiveEtf(_setting.Options, _optimizer);
    }

    private void Use()
    {
        var name = Pick(_account.Trained);
        _log[^1] += " of " + name;
        _model.Uses.Add(ProgramSetting.Layer(_model, name).Weight);
        _setting = _setting with { Used = [.. _setting.Used, name] };
        _account.Shared.Add(name);
        _moments.Clear();
    }

    private (string First, string Second)? Pair()
    {
        var free = _account.Trained.Where(
            name => !_account.Shared.Contains(name) && ProgramSetting.Layer(_model, name).WeightShape is [16, 16]).ToList();
        return free.Count < 2 ? null : (free[0], free[1]);
    }

    private void Tie()
    {
        var (first, second) = Pair()!.Value;
        _setting = _setting with { Tied = [first, second] };
        _log[^1] += $" {first} and {second}";
        ProgramSetting.Tie(_model, _setting.Tied);
        _account.Tie(first, second);
        _moments.Clear();
        // The second layer's own weight is disposed: an optimizer that holds it cannot step.
        var old = _optimizer;
        _optimizer = MakeOptimizer();
        _etf?.RemoveOptimizer(old);
        _etf?.AddOptimizer(_optimizer);
        foreach (var optimizer in _optimizers.Where(optimizer => optimizer != _optimizer))
            _etf?.RemoveOptimizer(optimizer);
        _knowsOthers = false;
    }

    private void Hook()
    {
        var name = Pick(_account.Names);
        var count = new int[1];
        var module = (nn.Module<Tensor, Tensor>)ModuleTree.Walk(_model).Single(node => node.Path == name).Module;
        module.register_forward_hook((_, _, _) =>
        {
            count[0]++;
            return null!;
        });
        _hooks.Add((name, count));
    }

    private void CheckHooks()
    {
        var before = _hooks.ConvertAll(hook => hook.Count[0]);
        Outputs();
        foreach (var (index, (name, count)) in _hooks.Index())
            Require(count[0] - before[index] == (name == "twice" ? 2 : 1),
                $"the hook on {name} fired {count[0] - before[index]} times in a forward");
    }

    private IReadOnlyList<string> Reading() =>
    [
        .. TrainingReading.Weights(_model).Order(StringComparer.Ordinal), .. TrainingReading.Names(_optimizer, _model),
        .. TrainingReading.State(_optimizer),
    ];

    private static void Refuses<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T)
        {
            return;
        }

        throw new InvalidOperationException($"{typeof(T).Name} was expected");
    }

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new InvalidOperationException(otherwise);
    }
}
