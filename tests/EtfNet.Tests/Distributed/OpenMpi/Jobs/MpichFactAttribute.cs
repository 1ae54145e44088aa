using System.Runtime.InteropServices;
using Xunit;

namespace EtfNet.Tests.Distributed;

/// <summary>A test that needs the library of MPICH; skipped where that is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MpichFactAttribute : FactAttribute
{
    public const string Library = "libmpich.so.12";

    private static readonly Lazy<bool> s_isThere = new(() => NativeLibrary.TryLoad(Library, out _));

    public override string? Skip => s_isThere.Value ? null : $"There is no {Library} (Debian, Ubuntu: apt install libmpich12).";
}
