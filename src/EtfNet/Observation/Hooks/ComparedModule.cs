using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A module with hooks of the user's, and the hooks that compare.</summary>
internal sealed class ComparedModule(nn.Module module)
{
    private readonly List<BoundHook> _bound = [];

    public HookComparison Before { get; } = new();

    public HookComparison After { get; } = new();

    public void Surround(HashSet<object> before, HashSet<object> after)
    {
        if (_bound.Count > 0 && Before.Covers(before) && After.Covers(after))
            return;
        Remove();
        Before.Begin(before);
        After.Begin(after);
        if (before.Count > 0)
        {
            Add(HookBinder.Before(module, Before.First)?.First());
            Add(HookBinder.Before(module, Before.Last));
        }

        if (after.Count > 0)
        {
            Add(HookBinder.After(module, (_, result) => After.First(result))?.First());
            Add(HookBinder.After(module, (_, result) => After.Last(result)));
        }
    }

    public bool Has(object hook) => _bound.Exists(bound => ReferenceEquals(bound.Hook, hook));

    public void Remove()
    {
        _bound.ForEach(hook => hook.Remove());
        _bound.Clear();
    }

    private void Add(BoundHook? hook)
    {
        if (hook is not null)
            _bound.Add(hook);
    }
}
