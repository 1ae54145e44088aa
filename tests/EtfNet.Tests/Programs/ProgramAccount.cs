using EtfNet.Tests.Support;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Programs;

/// <summary>What must be true of a training: which layers are trained, fixed or constant, as what, and what an optimizer then holds.</summary>
internal sealed class ProgramAccount
{
    private readonly Dictionary<string, Fate> _fates;
    private readonly Dictionary<string, double[]> _frames = [];
    private readonly Dictionary<string, (double[] Weight, double[]? Bias)> _kept = [];
    private readonly Dictionary<string, bool> _inPlace = [];
    private string? _tied;

    public ProgramAccount(nn.Module model) => _fates = ModuleTree.Walk(model).Where(node => FixableLayer.Of(node.Module) is not null).ToDictionary(node => node.Path, _ => Fate.Trained);

    private ProgramAccount(ProgramAccount other)
    {
        (_fates, _frames, _kept, _inPlace, _tied) = (new(other._fates), new(other._frames), new(other._kept), new(other._inPlace), other._tied);
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
            if (report?.Layers.Any(layer => layer.Name == name && layer.Note.Contains("on trial", StringComparison.Ordinal)) != true)
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
        Require(EtfPlan.Of(model).LayerNames.Order().SequenceEqual(Fixed.Order()), $"fixed are {string.Join(", ", EtfPlan.Of(model).LayerNames)}, not {string.Join(", ", Fixed)}");
        Require(etf is null || etf.Report.FixedLayers.Select(layer => layer.Name).Order().SequenceEqual(Fixed.Order()), $"the report has {string.Join(", ", etf?.Report.FixedLayers.Select(layer => layer.Name) ?? [])}");
        foreach (var (name, values) in Values(model))
            Require(_fates[name] != Fate.Fixed || Near(values.Weight, _frames[name]), $"{name} is another frame");

        var names = model.named_parameters().Select(entry => entry.name).ToList();
        foreach (var (name, fate) in _fates)
            Require(names.Contains($"{name}.weight") == (name != _tied && (fate == Fate.Trained || _inPlace.GetValueOrDefault(name))), $"{name}.weight is {(names.Contains($"{name}.weight") ? "" : "not ")}a parameter");
        var own = TrainingReading.Names(optimizer, model).Select(name => name[2..]).ToList();
        foreach (var name in names)
            Require(IsTrained(name) ? own.Count(one => one == name) == 1 : !own.Contains(name) || IsConstant(name), $"{name} stands {own.Count(one => one == name)} times in the optimizer");
        Require(own.TrueForAll(names.Contains), $"the optimizer holds {string.Join(", ", own.Except(names))}");
        foreach (var group in TrainingReading.Names(optimizer, model).GroupBy(name => name[0]))
            Require(group.Select(name => names.IndexOf(name[2..])).SequenceEqual(group.Select(name => names.IndexOf(name[2..])).Order()), $"the optimizer's order is not the model's: {string.Join(", ", group)}");
        foreach (var parameter in optimizer.parameters())
            Require(OptimizerStates.Of(optimizer, parameter) is { } state && OptimizerStates.TensorsOf(state).All(tensor => tensor.dtype == parameter.dtype && tensor.shape.SequenceEqual(parameter.shape)), "a state is missing, or another parameter's");
        Require(TorchSharpInternals.State(optimizer).Count == optimizer.parameters().DistinctBy(parameter => parameter.Handle).Count(), "the optimizer keeps states of parameters that it does not have");
    }

    /// <summary>Weight and bias of every layer, whatever it is.</summary>
    public Dictionary<string, (double[] Weight, double[]? Bias)> Values(nn.Module model)
    {
        using var scope = NewDisposeScope();
        return ModuleTree.Walk(model).Where(node => _fates.ContainsKey(node.Path)).ToDictionary(node => node.Path, node => node.Module is IFixedLayer layer
            ? (Array(layer.DenseWeight(float64, CPU)), layer.Bias is { } bias ? Array(bias) : null)
            : (Array(FixableLayer.Of(node.Module)!.Weight), FixableLayer.Of(node.Module)!.Bias is { } own ? Array(own) : null));
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
    private static bool IsSame(double[] now, double[] then) => now.Zip(then).All(pair => pair.First.Equals(pair.Second) || pair.First.Equals((double)(float)pair.Second));

    private static bool Near(double[] a, double[] b) => a.Zip(b).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5 * (1 + Math.Abs(pair.Second)));

    private bool IsTrained(string parameter) => Layer(parameter) is not { } layer || _fates[layer] == Fate.Trained;

    private bool IsConstant(string parameter) => Layer(parameter) is { } layer && _fates[layer] == Fate.Constant;

    /// <summary>The layer of a weight; null for other parameters, which are always trained.</summary>
    private string? Layer(string parameter) =>
        parameter.EndsWith(".weight", StringComparison.Ordinal) && _fates.ContainsKey(parameter[..^".weight".Length]) ? parameter[..^".weight".Length] : null;

    private IEnumerable<string> With(Fate fate) => _fates.Where(entry => entry.Value == fate).Select(entry => entry.Key);

    private static double[] Array(Tensor tensor) => tensor.detach().to(float64).contiguous().data<double>().ToArray();

    private static void Require(bool condition, string otherwise)
    {
        if (!condition)
            throw new InvalidOperationException(otherwise);
    }
}
