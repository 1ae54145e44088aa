using TorchSharp;

namespace EtfNet;

/// <summary>A place that refers to a module: a field, an element, a captured variable.</summary>
/// <param name="Where">How a person finds it, such as <c>MyModel.fc1</c>.</param>
/// <param name="Accepts">The type that the place can hold; null where it cannot be written at all.</param>
/// <param name="Put">Makes the place refer to another module.</param>
internal sealed record Slot(string Where, Type? Accepts, Action<torch.nn.Module> Put)
{
    public bool CanHold(Type moduleType) => Accepts?.IsAssignableFrom(moduleType) == true;
}
