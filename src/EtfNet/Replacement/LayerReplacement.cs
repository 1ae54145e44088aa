using TorchSharp;

namespace EtfNet;

/// <summary>The plan to put another module in the place of a layer, everywhere the model refers to it.</summary>
/// <remarks>Making a plan changes nothing. Carrying it out changes all slots or none.</remarks>
internal sealed class LayerReplacement
{
    private readonly torch.nn.Module _layer;
    private readonly IReadOnlyList<Slot> _slots;

    private LayerReplacement(torch.nn.Module layer, IReadOnlyList<Slot> slots, string? obstacle)
    {
        _layer = layer;
        _slots = slots;
        Obstacle = obstacle;
    }

    /// <summary>Why the layer cannot be replaced, and what would help; null where it can.</summary>
    public string? Obstacle { get; }

    /// <summary>Plans to replace several layers, each by a module of its own type, in one walk over the model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layers">The layers, each with the type of what takes its place.</param>
    /// <param name="meetTensor">As in <see cref="SlotFinder.Find"/>.</param>
    public static IReadOnlyList<LayerReplacement> Plan(
        torch.nn.Module model, IReadOnlyList<(torch.nn.Module Layer, Type Replacement)> layers,
        Action<torch.Tensor, torch.nn.Module, string>? meetTensor = null)
    {
        var found = SlotFinder.Find(model, layers.Select(one => one.Layer), meetTensor);
        return [.. layers.Select(one =>
        {
            var slots = found.TryGetValue(one.Layer, out var places) ? places : [];
            return new LayerReplacement(one.Layer, slots, FindObstacle(one.Layer, model, slots, one.Replacement));
        })];
    }

    /// <summary>Makes every slot refer to <paramref name="replacement"/>; should one fail, all refer to the old layer again.</summary>
    public void Put(torch.nn.Module replacement)
    {
        var begun = 0;
        try
        {
            while (begun < _slots.Count)
                _slots[begun++].Put(replacement);
        }
        catch
        {
            // The slot that failed may have taken the replacement nevertheless.
            while (--begun >= 0)
                Undo(_slots[begun]);
            throw;
        }

        void Undo(Slot slot)
        {
            try
            {
                slot.Put(_layer);
            }
            catch (Exception)
            {
                // A slot that refuses both keeps what it has; the first error reports it.
            }
        }
    }

    private static string? FindObstacle(torch.nn.Module layer, torch.nn.Module model, IReadOnlyList<Slot> slots, Type replacementType)
    {
        if (ReferenceEquals(layer, model))
            return "the model is itself this layer";
        if (slots.Count == 0)
            return "no place that holds it was found in the model's objects";
        if (slots.FirstOrDefault(slot => !slot.CanHold(replacementType)) is not { } refusing)
            return null;
        return refusing.Accepts == layer.GetType()
            ? $"{refusing.Where} is declared as {layer.GetType().Name}, which can hold nothing else; "
                + "declare it nn.Module<Tensor, Tensor> to free the weight as well"
            : $"{refusing.Where} can hold no other module" + (refusing.Accepts is null ? "" : $" (its type is {refusing.Accepts.Name})");
    }
}
