using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Modules taken out of a model's <c>Sequential</c> modules, the head in their place, and how to undo the cut.</summary>
/// <remarks>Preparing changes nothing. Applying changes the model and the optimizers, or nothing.</remarks>
internal sealed partial class TailCut
{
    private readonly nn.Module _model;
    private readonly IReadOnlyList<ContainerCut> _containers;
    private readonly List<LeavingParameter> _parameters;
    private readonly LayerPlacement _placement;
    private readonly List<Action> _unwatch = [];
    private readonly List<OptimizerHelper> _optimizers = [];
    private bool _wasTraining;
    private bool _areBuffersReleased;

    /// <param name="model">The model.</param>
    /// <param name="containers">What is shortened.</param>
    public TailCut(nn.Module model, IReadOnlyList<ContainerCut> containers)
    {
        (_model, _containers) = (model, containers);
        var leaving = Leaving.SelectMany(ModuleTree.Walk).Select(node => node.Module).ToHashSet(ReferenceEqualityComparer.Instance);
        var staying = ModuleTree.Walk(model).Where(node => !leaving.Contains(node.Module))
            .SelectMany(node => TorchSharpInternals.Parameters(node.Module).Values)
            .Where(parameter => !parameter.IsInvalid).Select(TensorStorage.Address).ToHashSet();
        _parameters = LeavingParameter.Of(Leaving, staying);
        _placement = PlacementOf(model);
    }

    public bool IsApplied { get; private set; }

    /// <summary>Whether the kept tail was released.</summary>
    public bool IsReleased { get; private set; }

    /// <summary>The module that took the tail's place; null where none did.</summary>
    public nn.Module<Tensor, Tensor>? Head => Heads.FirstOrDefault();

    /// <summary>The paths of the removed modules.</summary>
    public IReadOnlyList<string> Removed => [.. _containers.SelectMany(container => container.LeavingPaths)];

    /// <summary>The number of removed parameters.</summary>
    public long Parameters { get; private set; }

    private IEnumerable<nn.Module<Tensor, Tensor>> Heads =>
        _containers.Select(container => container.Head).OfType<nn.Module<Tensor, Tensor>>();

    /// <summary>The removed modules in forward order: the innermost container comes first in the network.</summary>
    private IEnumerable<nn.Module> Leaving => _containers.Reverse().SelectMany(container => container.Leaving);

    /// <summary>
    /// Takes the tail out of the model and its parameters out of the optimizers; the head takes the old classifier's place.
    /// </summary>
    public void Apply(IReadOnlyList<OptimizerHelper> optimizers)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        IsApplied = true;
        Parameters = _parameters.Sum(one => one.Parameter.NumberOfElements);
        _optimizers.AddRange(optimizers);
        _wasTraining = _model.training;
        ParameterOrder.Pin(optimizers);
        try
        {
            // Out of the optimizers first: a lazy list must still see the parameters to show where they stood.
            foreach (var parameter in _parameters)
                foreach (var optimizer in optimizers)
                    parameter.Leave(optimizer);
            foreach (var container in _containers)
            {
                container.Head?.train(container.Place.Container.training);
                container.Apply();
            }

            foreach (var head in Heads)
                TrainHead(head, one => one.Detached);
            RefuseCalls();
        }
        catch
        {
            Revert();
            throw;
        }

        foreach (var parameter in _parameters)
            parameter.Rest();
    }

    /// <summary>Why the tail cannot come back; null where it can.</summary>
    public string? Obstacle => IsReleased ? "it was released"
        : _containers.FirstOrDefault(container => !container.Stands) is { } changed
            ? $"'{changed.Place.Path}' has changed since: first undo the later cut, or the fix of the head"
            : null;

    /// <summary>Frees what is kept to undo the cut.</summary>
    public void Release()
    {
        if (_areBuffersReleased)
            return;
        _areBuffersReleased = true;
        ReleaseParameters();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var buffer in Leaving.SelectMany(module => module.buffers()).Where(buffer => !buffer.IsInvalid))
            if (!_model.buffers().Any(other => !other.IsInvalid && TensorStorage.Address(other) == TensorStorage.Address(buffer)))
                buffer.set_(zeros([.. buffer.shape.Select(_ => 1L)], buffer.dtype, buffer.device));
    }

    /// <summary>
    /// Frees the parameters and the optimizer state that are kept to undo the cut. The tail can still be restored, with zeros to be filled.
    /// </summary>
    public void ReleaseParameters()
    {
        if (IsReleased)
            return;
        IsReleased = true;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        _parameters.ForEach(parameter => parameter.Free());
    }

    /// <summary>Gives up what was prepared.</summary>
    public void Discard()
    {
        foreach (var head in Heads)
            head.Dispose();
    }

    /// <summary>The head's weight goes where the last weight of the tail was trained, its bias to the last bias.</summary>
    private void TrainHead(nn.Module head, Func<LeavingParameter, IEnumerable<DetachedParameter>> detached)
    {
        var order = FixedModules.ParametersOf(_model);
        foreach (var parameter in head.parameters())
            if (Near(parameter) is { } near)
                foreach (var place in detached(near))
                    OptimizerDetachment.Put(place.Optimizer, [place.Groups[0]], parameter, parameter, null, order);

        LeavingParameter? Near(Parameter parameter) =>
            _parameters.FindLast(one => one.WasHeld && one.Parameter.dim() > 1 == parameter.dim() > 1)
            ?? _parameters.FindLast(one => one.WasHeld && one.Parameter.dim() > 1) ?? _parameters.FindLast(one => one.WasHeld);
    }

    private void RefuseCalls()
    {
        foreach (var (module, path) in _containers.SelectMany(container => container.Leaving.Zip(container.LeavingPaths)))
            Refuse(module, path);
    }

    private void Refuse(nn.Module module, string path)
    {
        if (module is nn.Module<Tensor, Tensor> layer)
            _unwatch.Add(layer.register_forward_pre_hook((_, _) => throw new InvalidOperationException(
                $"'{path}' was cut off by TruncateEtf, but something outside the model still calls it. Call the model instead."))
                .remove);
    }

    private static bool IsSame(LayerPlacement one, LayerPlacement other) =>
        one.Dtype == other.Dtype && one.Device.type == other.Device.type && one.Device.index == other.Device.index;

    private static LayerPlacement PlacementOf(nn.Module model) =>
        LayerPlacement.Of(model, model, new LayerPlacement(ScalarType.Float32, CPU));
}
