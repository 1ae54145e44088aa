using Xunit;

namespace EtfNet.Tests.Distributed;

/// <summary>A test that starts ranks by Open MPI's mpirun; skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MpiFactAttribute : FactAttribute
{
    public override string? Skip => MpiJob.Missing;
}
