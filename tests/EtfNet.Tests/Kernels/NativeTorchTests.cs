using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Kernels;

public sealed unsafe class NativeTorchTests
{
    private static readonly string[] s_names =
    [
        "aoti_torch_abi_version", "torch_parallel_for", "torch_get_const_data_ptr", "torch_get_mutable_data_ptr", "aoti_torch_get_dim",
        "aoti_torch_get_sizes", "aoti_torch_get_strides", "aoti_torch_get_dtype", "aoti_torch_get_device_type", "aoti_torch_get_layout",
        "aoti_torch_empty_strided", "aoti_torch_new_tensor_handle", "aoti_torch_delete_tensor_object",
    ];

    [Fact]
    public void Current_ThisLibtorch_HasEveryFunction()
    {
        NativeTorch.Reason.Should().BeNull();
        NativeTorch.Current.Should().NotBeNull();
        NativeAutograd.Current.Should().NotBeNull();
    }

    [Fact]
    public void Load_OneExportMissing_FindsNothingAndNamesIt()
    {
        foreach (var missing in s_names)
        {
            var (found, reason) = NativeTorch.Load(name => name == missing ? 0 : NativeTorchLibrary.TorchSharpExport(name));
            found.Should().BeNull();
            reason.Should().Contain(missing);
        }

        NativeTorch.Load(NativeTorchLibrary.TorchSharpExport).Found.Should().NotBeNull("the list holds all that are needed");
    }

    [Fact]
    public void Load_AnotherVersion_FindsNothingAndNamesBoth()
    {
        LoadAs(&Version29).Reason.Should().Contain("2.9").And.Contain("2.10");
        LoadAs(&Version30).Reason.Should().Contain("3.0");
        LoadAs(&Version211).Found.Should().NotBeNull("its headers promise the same functions");

        static (NativeTorch? Found, string? Reason) LoadAs(delegate* unmanaged[Cdecl]<ulong> version) =>
            NativeTorch.Load(name => name == "aoti_torch_abi_version" ? (nint)version : NativeTorchLibrary.TorchSharpExport(name));
    }

    [Fact]
    public void Force_Nothing_IsSeenByThisThreadUntilItEnds()
    {
        using (NativeTorch.Force(null))
        {
            NativeTorch.Current.Should().BeNull();
            NativeAutograd.Current.Should().BeNull("it needs libtorch's functions too");
            NativeTorch? elsewhere = null;
            var thread = new Thread(() => elsewhere = NativeTorch.Current);
            thread.Start();
            thread.Join();
            elsewhere.Should().NotBeNull();
        }

        NativeTorch.Current.Should().NotBeNull();
    }

    [Fact]
    public void ForceAway_OfNodes_LeavesKernelsAndEndsOnce()
    {
        using (var outer = NativeAutograd.ForceAway())
        {
            using (NativeAutograd.ForceAway())
                NativeAutograd.Current.Should().BeNull();
            NativeAutograd.Current.Should().BeNull("the outer one holds on");
            NativeTorch.Current.Should().NotBeNull();
            outer.Dispose();
        }

        NativeAutograd.Current.Should().NotBeNull();
    }

    [Fact]
    public void LoadAutograd_AnotherTorchSharpOrAMissingExport_IsNull()
    {
        NativeAutograd.Load(new Version(0, 107, 3), NativeTorchLibrary.TorchSharpExport).Should().NotBeNull();
        NativeAutograd.Load(new Version(0, 108), NativeTorchLibrary.TorchSharpExport).Should().BeNull();
        NativeAutograd.Load(null, NativeTorchLibrary.TorchSharpExport).Should().BeNull();
        NativeAutograd.Load(new Version(0, 107),
            name => name == "THSAutograd_CSharpNode_ctor" ? 0 : NativeTorchLibrary.TorchSharpExport(name)).Should().BeNull();
    }

    [Fact]
    public void KernelLog_Unavailable_IsReportedOnceToTheListener()
    {
        var log = new KernelLog(() => "no such function");
        List<string> first = [], second = [];
        log.Listen(first.Add);
        log.Listen(second.Add);
        first.Should().ContainSingle().Which.Should().Contain("no such function");
        second.Should().BeEmpty();
        log.Write("more");
        second.Should().Equal("more");
        first.Should().HaveCount(1, "the last one listens");

        var quiet = new KernelLog(() => null);
        quiet.Listen(first.Add);
        first.Should().HaveCount(1, "there is nothing to say");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static ulong Version29() => (2UL << 56) | (9UL << 48);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static ulong Version30() => 3UL << 56;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static ulong Version211() => (2UL << 56) | (11UL << 48);
}
