using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>Open MPI's <c>MPI_Status</c>, versions 3 to 5.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MpiStatus
{
    public int Source;
    public int Tag;
    public int Error;
    private int _cancelled;
    private nuint _count;
}
