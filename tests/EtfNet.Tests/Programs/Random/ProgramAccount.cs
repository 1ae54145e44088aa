using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>
/// What must be true of a training: which layers are trained, fixed or constant, as what, and what an optimizer then holds.
/// </summary>
internal sealed class ProgramAccount
{
    private readonly Dictionary<string, Fate> _fates;
    private readonly Dictionary<string, double[]> _frames = [];
    private readonly Dictionary<string, (double[] Weight, double[]? Bias)> _kept = [];
    private readonly Dictionary<string, bool> _inPlace = [];
    private string? _tied;

    public ProgramAccount(nn.Module model) =>
        _fates = ModuleTree.Walk(model).Where(node => FixableLayer.Of(node.Module) is not null)
            .ToDictionary(node => node.Path, _ => Fate.Trained);

    private ProgramAccount(ProgramAccount other)
    {
        (_fates, _frames, _kept) = (new(other._fates), new(other._frames), new(other._kept));
        (_inPlace, _tied) = (new(other._inPlace), other._tied);
        (Held, Shared) = ([.. other.Held], [.. other.Shared]);
    }

    private enum Fate
    {
        Trained,
        Fixed,
        Constant,
    }

    public IEnumerable<string> Names => _fates.Keys;

    public IEnumerable<string> Trained => With(Fate.Trained);

    public IEnumerable<string> Fixed => With(Fate.Fixed);

    /// <summary>Gets the layers that were taken back and are not fixed again until they are allowed.</summary>
    public HashSet<string> Held { get; private set; } = [];

    /// <summary>Gets the layers whose weight something else uses: they are never fixed.</summary>
    public HashSet<string> Shared { get; private set; } = [];

    public ProgramAccount Copy() => new(this);

    /// <summary>Everything is as it was; but trials have ended.</summary>
    public void Take(ProgramAccount then)
    {
        foreach (var (name, fate) in then._fates)
            _fates[name] = fate;
        _frames.Clear();
        foreach (var (name, frame) in then._frames)
            _frames[name] = frame;
        foreach (var name in then.Fixed)
            _inPlace[name] = then._inPlace[name];
        Held = [.. then.Held];
        _kept.Clear();
    }

    public void Fix(nn.Module model, FixedLayer layer, (double[] Weight, double[]? Bias) before, bool onTrial)
    {
        Require(_fates[layer.Name] == Fate.Trained, $"{layer.Name} was fixed twice");
        Require(!Held.Contains(layer.Name), $"{layer.Name} was fixed although it was taken back");
        Require(!Shared.Contains(layer.Name), $"{layer.Name} was fixed although its weight is used elsewhere");
        (_fates[layer.Name], _inPlace[layer.Name]) = (Fate.Fixed, layer.InPlace);
        _frames[layer.Name] = Values(model)[layer.Name].Weight;
        if (onTrial)
            _kept[layer.Name] = before;
    }

    /// <returns>Whether the layer was on trial, so that it comes back as it was.</returns>
    public bool Revert(string name)
    {
        _fates[name] = Fate.Trained;
        _frames.Remove(name);
        Held.Add(name);
        return _kept.ContainsKey(name);
    }

    public void GuardTakesBack(nn.Module model, string name)
    {
        Require(_fates[name] == Fate.Fixed && _kept.ContainsKey(name), $"the guard took back {name}, which was not on trial");
        Revert(name);
        RequireAsBefore(model, name);
    }

    /// <summary>Weight and bias are those from before the fix.</summary>
    public void RequireAsBefore(nn.Module model, string name)
    {
        var (weight, bias) = Values(model)[name];
        Require(IsSame(weight, _kept[name].Weight), $"{name} came back with another weight");
        Require(bias is null || IsSame(bias, _kept[name].Bias!), $"{name} came back with another bias");
        _kept.Remove(name);
    }

    /// <summary>Layers that the report does not show on trial are on trial no longer.</summary>
    public void EndTrials(EtfReport? report = null)
    {
        foreach (var name in _kept.Keys.ToList())
            if (report?.Layers.Any(layer => layer.Name == name && layer.IsOnTrial) != true)
                _kept.Remove(name);
    }

    public void Materialize()
    {
        foreach (var name in Fixed.ToList())
            _fates[name] = Fate.Constant;
        Held.Clear();
        _kept.Clear();
    }

    public void Tie(string first, string second)
    {
        Shared.UnionWith([first, second]);
        _tied = second;
    }

    /// <summary>TorchSharp registers what it moves: constants are parameters without gradient from then on.</summary>
    public void Moved()
    {
        foreach (var name in With(Fate.Constant))
            _inPlace[name] = true;
    }

    /// <summary>Trains, and checks that all that is trained moved and nothing else did.</summary>
    public void Train(nn.Module model, Action epoch)
    {
        var before = All(model);
        var weights = Values(model);
        epoch();
        var after = All(model);
        foreach (var (name, values) in after)
        {
            Require(values.All(double.IsFinite), $"{name} is not finite");
            Require(values.SequenceEqual(before[name]) != IsTrained(name), $"{name} {(IsTrained(name) ? "did not move" : "moved")}");
        }

        foreach (var (name, (weight, _)) in Values(model))
            Require(_fates[name] == Fate.Trained || weight.SequenceEqual(weights[name].Weight), $"the weight of {name} moved");

        static Dictionary<string, double[]> All(nn.Module model)
        {
            using var scope = NewDisposeScope();
            return model.named_parameters().ToDictionary(entry => entry.name, entry => Array(entry.parameter));
        }
    }

    /// <summary>Checks model, optimizer and report against each other and against this.</summary>
    public void Check(nn.Module model, OptimizerHelper optimizer, AdaptiveEtfScheduler? etf)
    {
        RequireFixed(EtfPlan.Of(model).LayerNames, "the plan");
        if (etf is not null)
            RequireFixed(etf.Report.FixedLayers.Select(layer => layer.Name), "the report");
        foreach (var (name, values) in Values(model))
            Require(_fates[name] != Fate.Fixed || Near(values.Weight, _frames[name]), $"{name} is another frame");
        var parameters = model.named_parameters().Select(entry => entry.name).ToList();
        foreach (var (name, fate) in _fates)
            Require(parameters.Contains($"{name}.weight") == (name != _tied && (fate == Fate.Trained || _inPlace.GetValueOrDefault(name))),
                $"{name}.weight is a parameter, or is none");
        CheckParameters(parameters, TrainingReading.Names(optimizer, model));
        CheckStates(optimizer);
    }

    private void RequireFixed(IEnumerable<string> names, string where)
    {
        var list = names.Order().ToList();
        Require(list.SequenceEqual(Fixed.Order()), $"{where} has {string.Join(", ", list)}, fixed are {string.Join(", ", Fixed)}");
    }

    /// <summary>Every trained parameter stands once in the optimizer, in the model's order; no fixed weight does.</summary>
    private void CheckParameters(List<string> parameters, IReadOnlyList<string> held)
    {
        var times = held.CountBy(name => name[2..]).ToDictionary();
        foreach (var name in parameters)
        {
            var count = times.GetValueOrDefault(name);
            Require(IsTrained(name) ? count == 1 : count == 0 || IsConstant(name), $"{name} stands {count} times in the optimizer");
        }

        Require(times.Keys.All(parameters.Contains), $"the optimizer holds {string.Join(", ", times.Keys.Except(parameters))}");
        foreach (var group in held.GroupBy(name => name[0], name => parameters.IndexOf(name[2..])))
            Require(group.SequenceEqual(group.Order()), $"the optimizer's order is not the model's: {string.Join(", ", held)}");
    }

    private static void CheckStates(OptimizerHelper optimizer)
    {
        foreach (var parameter in optimizer.parameters())
        {
            var state = OptimizerStates.Of(optimizer, parameter);
            Require(state is not null, "a state is missing");
            foreach (var tensor in OptimizerStates.TensorsOf(state!))
                Require(tensor.dtype == parameter.dtype && tensor.shape.SequenceEqual(parameter.shape), "a state is another parameter's");
        }

        Require(TorchSharpInternals.State(optimizer).Count == optimizer.parameters().Count(), "the optimizer keeps states of others");
    }

    /// <summary>Weight and bias of every layer, whatever it is.</summary>
    public Dictionary<string, (double[] Weight, double[]? Bias)> Values(nn.Module model)
    {
        using var scope = NewDisposeScope();
        return ModuleTree.Walk(model).Where(node => _fates.ContainsKey(node.Path)).ToDictionary(node => node.Path, node => Of(node.Module));

        static (double[], double[]?) Of(nn.Module module)
        {
            var (weight, bias) = module is IFixedLayer layer
                ? (layer.DenseWeight(float64, CPU), layer.Bias)
                : (FixableLayer.Of(module)!.Weight, FixableLayer.Of(module)!.Bias);
            return (Array(weight), bias is null ? null : Array(bias));
        }
    }

    public static float[] Outputs(nn.Module<Tensor, Tensor> model, Blobs data, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        model.eval();
        var outputs = model.call(data.Inputs.to(dtype)).to(float32).data<float>().ToArray();
        model.train();
        return outputs;
    }

    public static void RequireNear(float[] before, float[] after, string what)
    {
        var largest = before.Select(Math.Abs).Max();
        Require(before.Zip(after).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-4 * (1 + largest)), $"{what} changed the outputs");
    }

    /// <summary>Bit for bit, or rounded to float32 where the model was moved to it in between.</summary>
    private static bool IsSame(double[] now, double[] then) => now.Zip(then)
        .All(pair => pair.First.Equals(pair.Second) || pair.First.Equals((double)(float)pair.Second));

    private static bool Near(double[] a, double[] b) => a.Zip(b)
        .All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5 * (1 + Math.Abs(pair.Second)));

    private bool IsTrained(string parameter) => Layer(parameter) is not { } layer || _fates[layer] == Fate.Trained;

    private bool IsConstant(string parameter) => Layer(parameter) is { } layer && _fates[layer] == Fate.Constant;

    /// <summary>The layer of a weight; null for other parameters, which are always trained.</summary>
    private string? Layer(string parameter) =>
        parameter.EndsWith(".weight", StringComparison.Ordinal) && _fates.ContainsKey(parameter[..^".weight".Length])
            ? parameter[..^".weight".Length] : null;

    private IEnumerable<string> With(Fate fate) => _fates.Where(entry => entry.Value == fate).Select(entry => entry.Key);

    private static double[] Array(Tensor tensor) => tensor.detach().to(float64).contiguous().data<double>().ToArray();

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new InvalidOperationException(otherwise);
    }
}
