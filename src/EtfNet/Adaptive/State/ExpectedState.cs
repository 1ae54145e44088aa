using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The names, types and shapes of a model's tensors as they will be once its layers are fixed as planned.</summary>
internal sealed class ExpectedState
{
    private readonly string _model;
    private readonly Dictionary<string, (ScalarType Dtype, long[] Shape)> _tensors;
    private readonly Dictionary<string, string> _frames = [];

    /// <param name="model">The model as it is; it is not changed.</param>
    /// <param name="plan">The layers that will be fixed.</param>
    /// <param name="leaving">Those of them that are trained now.</param>
    /// <param name="returning">The layers that are fixed now and will be trained again first; the plan may fix them anew.</param>
    public ExpectedState(
        nn.Module model, IReadOnlyList<PlannedLayer> plan, IReadOnlyList<(LayerTarget Target, PlannedLayer Layer)> leaving,
        IReadOnlyList<LayerFix> returning)
    {
        using var scope = NewDisposeScope();
        _model = model.GetType().Name;
        _tensors = model.state_dict().ToDictionary(entry => entry.Key, entry => (entry.Value.dtype, entry.Value.shape));
        var nodes = ModuleTree.Walk(model).ToDictionary(node => node.Path);
        foreach (var (target, layer) in leaving.Where(step => !step.Layer.InPlace))
        {
            var placement = LayerPlacement.Of(target.Fixable.Weight);
            Change(nodes[target.Name], Fixed(target.Fixable, layer.Header, placement, target.Fixable.Bias is not null));
        }

        foreach (var fix in returning.Where(fix => fix.Replacement is not null))
        {
            var placement = LayerPlacement.Of(fix.Current, model, LayerPlacement.Of(fix.Layer.Weight));
            var hasBias = ((IFixedLayer)fix.Current).Bias is not null;
            Change(nodes[fix.Name], plan.FirstOrDefault(layer => layer.Name == fix.Name) is { } anew
                ? Fixed(fix.Layer, anew.Header, placement, hasBias)
                : Trained(fix.Layer, placement, hasBias));
        }

        foreach (var layer in plan.Where(layer => !layer.InPlace))
            foreach (var path in Paths(nodes[layer.Name]))
                _frames[EntryName.Join(path, SimplexEtfLayer.FrameName)] = layer.Header.Signature;
    }

    /// <summary>Checks that saved tensors are these, no more and no fewer, and that the scales among them are those of frames.</summary>
    /// <exception cref="ArgumentException">They are not.</exception>
    public void Require(IReadOnlyList<TensorMemory> saved)
    {
        foreach (var tensor in saved)
        {
            if (!_tensors.TryGetValue(tensor.Name, out var expected))
                throw new ArgumentException(
                    $"{_model} has no '{tensor.Name}': the state was saved from another architecture.", nameof(saved));
            if (tensor.Mismatch(expected.Dtype, expected.Shape) is { } mismatch)
                throw new ArgumentException($"The state was saved from another architecture: {mismatch}.", nameof(saved));
            if (_frames.TryGetValue(tensor.Name, out var planned))
                RequireFrame(tensor, planned);
        }

        if (_tensors.Keys.Except(saved.Select(tensor => tensor.Name)).FirstOrDefault() is { } missing)
            throw new ArgumentException($"The state has nothing for '{missing}': it was saved from another architecture.", nameof(saved));
    }

    /// <summary>A layer takes no frame but its own.</summary>
    private static void RequireFrame(TensorMemory saved, string planned)
    {
        var frame = SimplexEtfHeader.FromNumbers(MemoryMarshal.Cast<byte, long>(saved.Bytes));
        if (frame.Problem() is { } problem)
            throw new ArgumentException($"'{saved.Name}' is no frame: {problem}.", nameof(saved));
        if (frame.Signature != planned)
            throw new ArgumentException(
                $"'{saved.Name}' is the frame {frame.Signature}, and the state's plan says {planned}.", nameof(saved));
    }

    private void Change(ModuleNode node, IReadOnlyDictionary<string, (ScalarType, long[])> tensors)
    {
        foreach (var path in Paths(node))
        {
            // A container may show a module under its first name only.
            var now = _tensors.Keys.Where(name => name.StartsWith(path + ".", StringComparison.Ordinal)).ToList();
            now.ForEach(name => _tensors.Remove(name));
            if (now.Count > 0)
                foreach (var (name, tensor) in tensors)
                    _tensors[$"{path}.{name}"] = tensor;
        }
    }

    private static IEnumerable<string> Paths(ModuleNode node) => node.Aliases.Prepend(node.Path);

    private static Dictionary<string, (ScalarType, long[])> Trained(FixableLayer layer, LayerPlacement placement, bool hasBias)
    {
        var tensors = new Dictionary<string, (ScalarType, long[])> { ["weight"] = (placement.Dtype, layer.WeightShape) };
        if (hasBias)
            tensors["bias"] = (placement.Dtype, [layer.Matrix.Rows]);
        return tensors;
    }

    /// <exception cref="ArgumentException">The layer's dtype cannot hold the frame.</exception>
    private static Dictionary<string, (ScalarType, long[])> Fixed(
        FixableLayer layer, SimplexEtfHeader header, LayerPlacement placement, bool hasBias)
    {
        var tensors = layer.FixedState(header, placement.Dtype);
        if (hasBias)
            tensors["bias"] = (placement.Dtype, [layer.Matrix.Rows]);
        return tensors;
    }
}
