using System.Diagnostics;
using TorchSharp;

namespace EtfNet;

/// <summary>Looks at who is calling. Slow: for the rare case only.</summary>
internal static class CallStack
{
    /// <summary>Whether the current call comes from inside a module's <c>call</c> or <c>forward</c>.</summary>
    public static bool IsInsideModule() =>
        new StackTrace().GetFrames().Select(frame => frame.GetMethod()).Any(method =>
            method is { Name: "call" or "forward", DeclaringType: { } type } && typeof(torch.nn.Module).IsAssignableFrom(type));
}
