using Xunit;

namespace EtfNet.Tests.Distributed;

/// <summary>A theory that starts ranks by Open MPI's mpirun; skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MpiTheoryAttribute : TheoryAttribute
{
    public override string? Skip => MpiJob.Missing;
}
