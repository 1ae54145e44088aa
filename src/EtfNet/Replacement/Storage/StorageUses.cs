using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A place of a model that holds a tensor.</summary>
/// <param name="owner">The module that it belongs to.</param>
/// <param name="where">How a person finds it, such as <c>decoder.weight</c>.</param>
/// <param name="tensor">The tensor.</param>
internal sealed class StorageUse(nn.Module owner, string where, Tensor tensor)
{
    public nn.Module Owner { get; } = owner;

    public string Where { get; } = where;

    public Tensor Tensor { get; } = tensor;
}

/// <summary>
/// Which places of a model share the memory of a tensor: registered parameters and buffers, and whatever else its objects hold.
/// </summary>
internal sealed class StorageUses
{
    private readonly Dictionary<IntPtr, List<StorageUse>> _uses = [];

    /// <summary>
    /// Takes in what the model's modules have registered; <see cref="Meet"/> adds what a walk over its objects finds beside.
    /// </summary>
    public StorageUses(IReadOnlyList<ModuleNode> nodes)
    {
        foreach (var node in nodes)
        {
            foreach (var (name, parameter) in TorchSharpInternals.Parameters(node.Module))
                Add(parameter, node.Module, Join(node.Path, name));
            foreach (var (name, (buffer, _)) in TorchSharpInternals.Buffers(node.Module))
                Add(buffer, node.Module, Join(node.Path, name));
        }

        static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
    }

    /// <summary>Takes in a tensor that some object of the model holds.</summary>
    public void Meet(Tensor tensor, nn.Module owner, string where)
    {
        // A module's own field for a tensor that it has registered is not a further use.
        if (TensorStorage.Address(tensor) is var address
            && !(_uses.TryGetValue(address, out var known) && known.Any(use => ReferenceEquals(use.Owner, owner))))
            Add(tensor, owner, where);
    }

    /// <summary>The places outside a layer that share the memory of its weight or bias.</summary>
    public IReadOnlyList<StorageUse> Others(Tensor tensor, nn.Module layer) =>
        _uses.TryGetValue(TensorStorage.Address(tensor), out var uses) ? [.. uses.Where(use => !ReferenceEquals(use.Owner, layer))] : [];

    private void Add(Tensor? tensor, nn.Module owner, string where)
    {
        if (tensor is null || TensorStorage.Address(tensor) is not (var address and not 0))
            return;
        if (!_uses.TryGetValue(address, out var uses))
            _uses[address] = uses = [];
        uses.Add(new StorageUse(owner, where, tensor));
    }
}
