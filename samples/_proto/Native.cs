using System.Runtime.CompilerServices; using System.Runtime.InteropServices; using TorchSharp;
namespace Proto;
public static unsafe class N
{
    public static delegate* unmanaged[Cdecl]<long, long, long, delegate* unmanaged[Cdecl]<long, long, void*, void>, void*, int> parallel_for;
    public static delegate* unmanaged[Cdecl]<nint, void**, int> data_ptr;
    public static delegate* unmanaged[Cdecl]<nint, nint, nint, nint, double, double, int> addmm_out;
    public static delegate* unmanaged[Cdecl]<long, long*, long*, int, int, int, nint*, int> empty_strided;
    public static delegate* unmanaged[Cdecl]<ulong> abi;
    public static delegate* unmanaged[Cdecl]<nint, long**, int> sizes, strides;
    public static nint lib; public static ulong Abi => abi();
    public static void Init()
    {
        torch.zeros(1).Dispose();
        foreach (System.Diagnostics.ProcessModule m in System.Diagnostics.Process.GetCurrentProcess().Modules)
            if (m.ModuleName.StartsWith("libtorch_cpu")) lib = NativeLibrary.Load(m.FileName);
        parallel_for = (delegate* unmanaged[Cdecl]<long, long, long, delegate* unmanaged[Cdecl]<long, long, void*, void>, void*, int>)NativeLibrary.GetExport(lib, "torch_parallel_for");
        data_ptr = (delegate* unmanaged[Cdecl]<nint, void**, int>)NativeLibrary.GetExport(lib, "aoti_torch_get_data_ptr");
        addmm_out = (delegate* unmanaged[Cdecl]<nint, nint, nint, nint, double, double, int>)NativeLibrary.GetExport(lib, "aoti_torch_cpu_addmm_out");
        empty_strided = (delegate* unmanaged[Cdecl]<long, long*, long*, int, int, int, nint*, int>)NativeLibrary.GetExport(lib, "aoti_torch_empty_strided");
        sizes = (delegate* unmanaged[Cdecl]<nint, long**, int>)NativeLibrary.GetExport(lib, "aoti_torch_get_sizes");
        strides = (delegate* unmanaged[Cdecl]<nint, long**, int>)NativeLibrary.GetExport(lib, "aoti_torch_get_strides");
        abi = (delegate* unmanaged[Cdecl]<ulong>)NativeLibrary.GetExport(lib, "aoti_torch_abi_version");
    }
    public static T* Ptr<T>(torch.Tensor t) where T : unmanaged { void* p; if (data_ptr(t.Handle, &p) != 0) throw new Exception(); return (T*)p; }
    public static long PtrOf(torch.Tensor t) { void* p; data_ptr(t.Handle, &p); return (long)p; }
    public static void Addmm(torch.Tensor o, torch.Tensor s, torch.Tensor a, torch.Tensor b, double beta, double alpha) { if (addmm_out(o.Handle, s.Handle, a.Handle, b.Handle, beta, alpha) != 0) throw new Exception(); }
    public static torch.Tensor Empty(long r, long c)
    {
        long* sz = stackalloc long[2] { r, c }; long* st = stackalloc long[2] { c, 1 };
        nint h; if (empty_strided(2, sz, st, 6, 0, -1, &h) != 0) throw new Exception();
        return torch.Tensor.UnsafeCreateTensor(h);
    }
}
public unsafe struct CenterJob { public float* x, y; public int m; public double norm; public bool aside; public int simd; }
public static unsafe class Center
{
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void Callback(long begin, long end, void* ctx) => Run(begin, end, (CenterJob*)ctx);
    public static void Run(long begin, long end, CenterJob* j)
    {
        if (j->simd == 512) CenterKernel.Rows<Simd512, System.Runtime.Intrinsics.Vector512<float>, float>(j->x + begin * j->m, j->y + begin * j->m, end - begin, j->m, j->norm, j->aside);
        else CenterKernel.Rows<Simd256, System.Runtime.Intrinsics.Vector256<float>, float>(j->x + begin * j->m, j->y + begin * j->m, end - begin, j->m, j->norm, j->aside);
    }
    public static torch.Tensor Apply(torch.Tensor x, double norm, bool aside, int simd)
    {
        var (r, m) = (x.size(0), x.size(1));
        var y = N.Empty(r, m);
        Into(x, y, r, m, norm, aside, simd);
        return y;
    }
    public static void Raw(float* x, float* y, long r, long m, double norm, bool aside, int simd)
    {
        var job = new CenterJob { x = x, y = y, m = (int)m, norm = norm, aside = aside, simd = simd };
        N.parallel_for(0, r, Math.Max(1, 32768 / m), &Callback, &job);
    }
    public static void Into(torch.Tensor x, torch.Tensor y, long r, long m, double norm, bool aside, int simd)
    {
        var job = new CenterJob { x = N.Ptr<float>(x), y = N.Ptr<float>(y), m = (int)m, norm = norm, aside = aside, simd = simd };
        var grain = Math.Max(1, 32768 / m);
        N.parallel_for(0, r, grain, &Callback, &job);
    }
}
