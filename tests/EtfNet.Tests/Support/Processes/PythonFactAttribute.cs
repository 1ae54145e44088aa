using Xunit;

namespace EtfNet.Tests.Support;

/// <summary>A fact that needs a Python with PyTorch; elsewhere it is skipped, and the reason says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute() => Skip = PythonTorch.Missing;
}
