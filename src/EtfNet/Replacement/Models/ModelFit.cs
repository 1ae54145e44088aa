using TorchSharp;

namespace EtfNet;

/// <summary>Saved tensors that fit a model as it will be once its layers are fixed as planned.</summary>
internal sealed class ModelFit
{
    /// <summary>The metadata entry that holds the plan.</summary>
    public const string PlanName = "etfnet.plan";

    private const string Remedy =
        "Build the model as it was built when the state was saved: its names and shapes are those of model.state_dict().";

    private readonly torch.nn.Module _model;
    private readonly IReadOnlyList<PlannedLayer> _plan;
    private readonly StateReader _from;
    private readonly string _prefix;
    private readonly Dictionary<string, HeldTensor> _tensors = [];
    private readonly Dictionary<torch.nn.Module, FutureLayer> _layers = new(ReferenceEqualityComparer.Instance);

    private ModelFit(torch.nn.Module model, IReadOnlyList<PlannedLayer> plan, StateReader from, string prefix) =>
        (_model, _plan, _from, _prefix) = (model, plan, from, prefix);

    /// <summary>The layers that are trained now and will be fixed.</summary>
    public IReadOnlyList<LayerTarget> Leaving { get; private set; } = [];

    /// <summary>Checks saved tensors. Nothing is changed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The layers that will be fixed.</param>
    /// <param name="returning">The layers that are fixed now and will be trained again first; the plan may fix them anew.</param>
    /// <param name="from">What was saved.</param>
    /// <param name="prefix">What all names begin with.</param>
    /// <exception cref="EtfStateException">A tensor is missing, too many, or of another type or shape, or the plan is not this
    /// model's.</exception>
    public static ModelFit Require(
        torch.nn.Module model, IReadOnlyList<PlannedLayer> plan, IReadOnlyList<LayerFix> returning, StateReader from, string prefix)
    {
        var fit = new ModelFit(model, plan, from, prefix);
        fit.RequirePlan(returning);
        fit.RequireTensors();
        fit.RequireFrames();
        fit.RequireTied();
        return fit;
    }

    /// <summary>The saved tensor of a name; null where there is none.</summary>
    public StateTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>Fills in parameters and buffers, once the right layers are fixed.</summary>
    public void Fill()
    {
        foreach (var (name, tensor, _) in ModelNames.Of(_model))
            _tensors.GetValueOrDefault(name)?.CopyTo(tensor);
    }

    private void RequirePlan(IReadOnlyList<LayerFix> returning)
    {
        try
        {
            var steps = PlanApplication.Require(_model, _plan, [.. returning.Select(fix => fix.Name)]);
            Leaving = [.. steps.Select(step => step.Target)];
            foreach (var (target, layer) in steps.Where(step => !step.Layer.InPlace))
                _layers.Add(target.Fixable.Module, FutureLayer.Of(target, layer));
            foreach (var fix in returning.Where(fix => fix.Replacement is not null))
                _layers.Add(fix.Current, FutureLayer.Of(_model, fix, _plan.FirstOrDefault(layer => layer.Name == fix.Name)));
        }
        catch (ArgumentException exception)
        {
            throw _from.State.Error(PlanName, Words.Plain(exception).TrimEnd('.'),
                "Load into a model that is freshly built, as it was when the state was saved.", exception);
        }
    }

    private void RequireTensors()
    {
        var (state, used) = (_from.State, new HashSet<string>());
        foreach (var (name, wanted) in Wanted())
        {
            var here = $"{_model.GetType().Name} has it as {wanted.Type} {StateTensor.Text(wanted.Shape)}";
            if (TensorAlias.Resolve(state, Saved(name)) is not { } source)
            {
                if (!wanted.IsFurther)
                    throw state.Error(Saved(name), $"it is missing; {here}", Remedy);
                continue;
            }

            var tensor = _from.FindTensor(source)!;
            if (!tensor.IsLike(wanted.Type, wanted.Shape))
                throw state.Error(
                    Saved(name), $"it is {tensor}, but {here}",
                    tensor.Shape.SequenceEqual(wanted.Shape) ? OtherType(tensor, wanted.Type) : Remedy);
            _tensors.Add(name, tensor);
            used.Add(source);
        }

        if (_from.TensorsOf(_prefix).FirstOrDefault(name => !used.Contains(name)) is { } unknown)
            throw state.Error(unknown, $"{_model.GetType().Name} has no such parameter or buffer", Remedy);
    }

    private static string OtherType(StateTensor tensor, TensorType wanted) => tensor.Type.Torch is { } dtype
        ? $"Convert the model with model.to(ScalarType.{dtype}) before loading, or save the weights as {wanted}."
        : $"Save the weights as {wanted}.";

    /// <summary>Names, types and shapes as they will be.</summary>
    private Dictionary<string, WantedTensor> Wanted()
    {
        var wanted = ModelNames.Of(_model).ToDictionary(
            entry => entry.Name, entry => new WantedTensor(TensorType.Of(entry.Tensor.dtype), entry.Tensor.shape, entry.IsFurther));
        var seen = new HashSet<torch.nn.Module>(ReferenceEqualityComparer.Instance);
        foreach (var (path, module) in ModelNames.Places(_model, ""))
        {
            if (!_layers.TryGetValue(module, out var layer))
                continue;
            var isFurther = !seen.Add(module);
            foreach (var name in wanted.Keys.Where(name => name.StartsWith(path + ".", StringComparison.Ordinal)).ToList())
                wanted.Remove(name);
            foreach (var (name, (dtype, shape)) in layer.Tensors)
                wanted[EntryName.Join(path, name)] = new WantedTensor(TensorType.Of(dtype), shape, isFurther);
        }

        return wanted;
    }

    /// <summary>The frames in the tensors must be the plan's: a layer takes no other.</summary>
    private void RequireFrames()
    {
        const string Again = "Save it again.";
        var modules = ModuleTree.Walk(_model).ToDictionary(node => node.Path, node => node.Module);
        var planned = new Dictionary<torch.nn.Module, PlannedLayer>(ReferenceEqualityComparer.Instance);
        foreach (var layer in _plan.Where(layer => !layer.InPlace))
            planned.Add(modules[layer.Name], layer);
        foreach (var (path, module) in ModelNames.Places(_model, ""))
        {
            var name = EntryName.Join(path, SimplexEtfLayer.FrameName);
            if (!planned.TryGetValue(module, out var layer) || !_tensors.TryGetValue(name, out var tensor))
                continue;
            var numbers = (long[])tensor.ToArray();
            var header = SimplexEtfHeader.FromNumbers(numbers);
            if (header.Problem() is { } problem)
                throw _from.State.Error(Saved(name), $"it is not a frame: {problem}", Again);
            if (header.Signature != layer.Header.Signature
                || !numbers.AsSpan(SimplexEtfHeader.NumberCount).SequenceEqual(layer.Patch?.ToNumbers() ?? []))
                throw _from.State.Error(
                    Saved(name), $"it is the frame {header.Signature}, but the plan says {layer.Signature}", Again);
            if (_layers.TryGetValue(module, out var future) && header.Scale > FixedLayerCheck.LargestScale(header.Shape, future.Dtype))
                throw _from.State.Error(
                    Saved(name), $"its scale {header.Scale:g3} is too large for {future.Dtype}", "Convert the model to a wider type.");
        }
    }

    /// <summary>Parameters that are one in the model must be one in the file: the last would win otherwise.</summary>
    private void RequireTied()
    {
        var first = new Dictionary<TensorPlace, string>();
        foreach (var (name, tensor, _) in ModelNames.Of(_model))
        {
            if (!_tensors.TryGetValue(name, out var saved) || TensorPlace.Of(tensor) is not { } place || first.TryAdd(place, name))
                continue;
            if (!saved.HasSameBytes(_tensors[first[place]]))
                throw _from.State.Error(
                    Saved(name),
                    $"its values differ from those of {EntryName.Quote(Saved(first[place]))}, which {_model.GetType().Name} has tied to it",
                    "Load into a model that does not tie them, or give both the same values in the file.");
        }
    }

    private string Saved(string name) => EntryName.Join(_prefix, name);

    private readonly record struct WantedTensor(TensorType Type, IReadOnlyList<long> Shape, bool IsFurther);
}
