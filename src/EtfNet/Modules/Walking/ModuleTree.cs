using TorchSharp;

namespace EtfNet;

/// <summary>A module and where it is found: its first path, as <c>named_modules</c> writes it, and its further ones.</summary>
/// <param name="Path">Names from the root joined by dots; empty for the root itself.</param>
/// <param name="Module">The module.</param>
/// <param name="Parent">The module that holds it at <paramref name="Path"/>; null for the root.</param>
/// <param name="Aliases">Further paths of the same object (tied modules), in order.</param>
internal sealed record ModuleNode(string Path, torch.nn.Module Module, torch.nn.Module? Parent, IReadOnlyList<string> Aliases);

/// <summary>Walks a model's registered modules.</summary>
internal static class ModuleTree
{
    /// <summary>Every distinct module reachable from <paramref name="root"/>, the root first, in registration order, depth first.</summary>
    public static IReadOnlyList<ModuleNode> Walk(torch.nn.Module root)
    {
        var nodes = new List<ModuleNode>();
        var aliases = new Dictionary<torch.nn.Module, List<string>>(ReferenceEqualityComparer.Instance);
        Visit("", root, null);
        return nodes;

        void Visit(string path, torch.nn.Module module, torch.nn.Module? parent)
        {
            if (aliases.TryGetValue(module, out var known))
            {
                known.Add(path);
                return;
            }

            nodes.Add(new ModuleNode(path, module, parent, aliases[module] = []));
            foreach (var (name, child) in module.named_children())
                if (child is not null)
                    Visit(path.Length == 0 ? name : path + "." + name, child, module);
        }
    }
}
