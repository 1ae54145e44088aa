using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>TorchSharp's <c>struct CSharpNodePtr</c>: a shared and a weak pointer to an autograd node.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NodePointers
{
    public nint Shared;
    public nint Weak;
}
