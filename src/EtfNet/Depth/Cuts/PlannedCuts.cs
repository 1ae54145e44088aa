using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Cuts that a plan names, made before the rest of the plan is checked; undone on dispose unless accepted.</summary>
internal sealed class PlannedCuts : IDisposable
{
    private readonly TailCut? _cut;
    private readonly IReadOnlyList<(Sequential Container, SequentialCut Cut)> _met;
    private bool _isAccepted;

    private PlannedCuts(TailCut? cut, IReadOnlyList<(Sequential Container, SequentialCut Cut)> met) => (_cut, _met) = (cut, met);

    /// <summary>Cuts a model as planned; the heads have no numbers yet.</summary>
    /// <param name="model">The model. What is cut as planned already is left alone.</param>
    /// <param name="plan">All cuts that it is to have.</param>
    /// <param name="optimizers">Its optimizers.</param>
    /// <exception cref="ArgumentException">The plan does not fit the model; nothing was changed.</exception>
    public static PlannedCuts Apply(nn.Module model, IReadOnlyList<PlannedCut> plan, IReadOnlyList<OptimizerHelper> optimizers)
    {
        var nodes = ModuleTree.Walk(model).ToDictionary(node => node.Path, node => node.Module);
        var planned = plan.ToDictionary(one => one.Path, one => one.Cut);
        foreach (var now in PlannedCut.Of(model))
            if (planned.GetValueOrDefault(now.Path) != now.Cut)
                throw new ArgumentException(
                    $"{Title(model, now.Path)} is cut behind its module {now.Cut.Keep}; in the state it is "
                    + (planned.TryGetValue(now.Path, out var then) ? $"cut behind module {then.Keep}" : "whole")
                    + ". Load into a freshly built model.",
                    nameof(model));
        var (steps, met) = (new List<PlannedCut>(), new List<(Sequential Container, SequentialCut Cut)>());
        foreach (var one in plan)
        {
            var container = PlainSequential.Of(nodes.GetValueOrDefault(one.Path)) ?? throw new ArgumentException(
                $"The plan cuts the Sequential '{one.Path}', which {model.GetType().Name} does not have.", nameof(plan));
            if (SequentialCut.Of(container) is not null)
                continue;
            if (one.Cut.IsMetBy(container))
                met.Add((container, one.Cut));
            else if (container.Count <= one.Cut.Keep)
                throw new ArgumentException(
                    $"The plan keeps the first {one.Cut.Keep} modules of {Title(model, one.Path)}, which has {container.Count}: build the "
                    + "model as it was built when the plan was made.",
                    nameof(plan));
            else
                steps.Add(one);
        }

        var cut = steps.Count == 0 ? null : Prepare(model, steps, nodes);
        cut?.Apply(optimizers);
        return new PlannedCuts(cut, met);
    }

    /// <summary>Accepts the cuts, and frees what was kept to undo them.</summary>
    public void Accept() => Keep()?.Release();

    /// <summary>Accepts the cuts.</summary>
    /// <returns>What was cut off, which can be restored; null if the model was already as planned.</returns>
    public TailCut? Keep()
    {
        _isAccepted = true;
        foreach (var (container, cut) in _met)
            SequentialCut.Remember(container, cut);
        return _cut;
    }

    public void Dispose()
    {
        if (!_isAccepted)
            _cut?.Revert();
    }

    private static TailCut Prepare(nn.Module model, List<PlannedCut> steps, Dictionary<string, nn.Module> nodes)
    {
        var containers = new List<ContainerCut>();
        try
        {
            foreach (var (path, cut) in steps)
            {
                var container = (Sequential)nodes[path];
                var placement = LayerPlacement.Of(container, model, new LayerPlacement(ScalarType.Float32, CPU));
                containers.Add(new ContainerCut(
                    new CutContainer(path, container, cut.Keep), cut.HeadName, cut.Head,
                    cut.Head?.CreateBlank(placement.Dtype, placement.Device)));
            }

            return new TailCut(model, containers);
        }
        catch
        {
            containers.ForEach(container => container.Head?.Dispose());
            throw;
        }
    }

    private static string Title(nn.Module model, string path) =>
        path.Length == 0 ? model.GetType().Name : $"'{path}' of {model.GetType().Name}";
}
