using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TorchSharp;

namespace EtfNet.Tests.Support;

/// <summary>One torch thread for all tests: results repeat, and a busy machine does not stall small operations.</summary>
internal static class SingleThread
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "A test assembly has no other place to set it once.")]
    internal static void Set() => torch.set_num_threads(1);
}
