using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Support;

/// <summary>A test that needs a CUDA device; skipped elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CudaFactAttribute : FactAttribute
{
    private static readonly Lazy<bool> s_isThere = new(torch.cuda_is_available);

    public override string? Skip => s_isThere.Value ? null : "There is no CUDA device, or libtorch is without CUDA.";
}
