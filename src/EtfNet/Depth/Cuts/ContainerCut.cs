using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>One <c>Sequential</c> that a cut shortens: the modules removed, the head added, and how to undo both.</summary>
internal sealed class ContainerCut
{
    private readonly SequentialCut? _before;
    private readonly SequentialCut _after;
    private readonly List<nn.IModule<Tensor, Tensor>> _modules;
    private readonly List<string> _names;
    private List<nn.IModule<Tensor, Tensor>> _stoodModules = [];
    private List<string> _stoodNames = [];

    /// <param name="place">The container; it stays as it is until <see cref="Apply"/>.</param>
    /// <param name="headName">The head's name; null without a head.</param>
    /// <param name="shape">The head's shape; null without one.</param>
    /// <param name="head">The head; null without one.</param>
    public ContainerCut(CutContainer place, string? headName, HeadShape? shape, nn.Module<Tensor, Tensor>? head)
    {
        (Place, Head) = (place, head);
        _before = SequentialCut.Of(place.Container);
        _after = new SequentialCut(place.Keep, headName, shape);
        _modules = [.. PlainSequential.Modules(place.Container).Skip(place.Keep)];
        _names = [.. PlainSequential.Names(place.Container).Skip(place.Keep)];
    }

    public CutContainer Place { get; }

    public nn.Module<Tensor, Tensor>? Head { get; }

    /// <summary>The removed modules.</summary>
    public IEnumerable<nn.Module> Leaving => _modules.Cast<nn.Module>();

    /// <summary>Their paths in the model.</summary>
    public IEnumerable<string> LeavingPaths => _names.Select(name => EntryName.Join(Place.Path, name));

    /// <summary>Whether the container is still as the cut left it.</summary>
    public bool Stands => _after.Count == Place.Container.Count && ReferenceEquals(SequentialCut.Of(Place.Container), _after)
        && (Head is null || ReferenceEquals(PlainSequential.Modules(Place.Container)[^1], Head));

    public void Apply()
    {
        Replace(_after.HeadName is null ? [] : [_after.HeadName], Head is null ? [] : [Head]);
        SequentialCut.Remember(Place.Container, _after);
    }

    /// <summary>The modules after the cut now: the head, or what has replaced it.</summary>
    public IEnumerable<nn.Module> Standing => PlainSequential.Modules(Place.Container).Skip(Place.Keep).Cast<nn.Module>();

    public void Revert()
    {
        _stoodModules = [.. PlainSequential.Modules(Place.Container).Skip(Place.Keep)];
        _stoodNames = [.. PlainSequential.Names(Place.Container).Skip(Place.Keep)];
        Replace(_names, _modules);
        SequentialCut.Remember(Place.Container, _before);
    }

    /// <summary>Undoes <see cref="Revert"/>: puts back what followed the cut.</summary>
    public void Repeat()
    {
        Replace(_stoodNames, _stoodModules);
        SequentialCut.Remember(Place.Container, _after);
    }

    /// <summary>
    /// A name for the head: that of the last module that goes, the old classifier; where modules are numbered, the next number.
    /// </summary>
    public static string NameFor(CutContainer place)
    {
        var names = PlainSequential.Names(place.Container);
        return int.TryParse(names[place.Keep], out _) && int.TryParse(names[^1], out _) ? names[place.Keep] : names[^1];
    }

    private void Replace(IReadOnlyList<string> names, IReadOnlyList<nn.IModule<Tensor, Tensor>> modules)
    {
        var (container, keep) = (Place.Container, Place.Keep);
        var count = container.Count - keep;
        PlainSequential.Names(container).RemoveRange(keep, count);
        PlainSequential.Modules(container).RemoveRange(keep, count);
        PlainSequential.Names(container).AddRange(names);
        PlainSequential.Modules(container).AddRange(modules);
    }
}
