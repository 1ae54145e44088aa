using System.Runtime.CompilerServices; using System.Runtime.InteropServices; using System.Runtime.Intrinsics; using TorchSharp;
namespace Proto;
public unsafe struct UpdateJob { public float* x, y, a, z; public long n; public int lda, ldz, rank; public float f; }
public static unsafe class Upd
{
    // y[rows, n] = f x + a[rows, rank] z[rank, n]
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void Callback(long begin, long end, void* ctx) => Run(begin * 8, end * 8, (UpdateJob*)ctx);
    public static void Run(long begin, long end, UpdateJob* j)
    {
        for (var r = begin; r < end; r += 8)
            Tile8(j->x + r * j->n, j->y + r * j->n, j->a + r * j->lda, j);
    }
    static void Tile8(float* x, float* y, float* a, UpdateJob* j)
    {
        var n = j->n; var f = Vector512.Create(j->f); var lda = j->lda; var ldz = j->ldz; var rank = j->rank;
        for (long i = 0; i <= n - 48; i += 48)
        {
            // 8 rows x 3 vectors = 24 accumulators
            Tile(x + i, y + i, a, j->z + i, n, lda, ldz, rank, f);
        }
        for (long i = n / 48 * 48; i < n; i += 16)
            Tile1(x + i, y + i, a, j->z + i, n, lda, ldz, rank, f);
    }
    static void Tile(float* x, float* y, float* a, float* z, long n, int lda, int ldz, int rank, Vector512<float> f)
    {
        Vector512<float> a0, a1, a2, b0, b1, b2, c0, c1, c2, d0, d1, d2, e0, e1, e2, g0, g1, g2, h0, h1, h2, k0, k1, k2;
        a0 = f * Vector512.Load(x); a1 = f * Vector512.Load(x + 16); a2 = f * Vector512.Load(x + 32); x += n;
        b0 = f * Vector512.Load(x); b1 = f * Vector512.Load(x + 16); b2 = f * Vector512.Load(x + 32); x += n;
        c0 = f * Vector512.Load(x); c1 = f * Vector512.Load(x + 16); c2 = f * Vector512.Load(x + 32); x += n;
        d0 = f * Vector512.Load(x); d1 = f * Vector512.Load(x + 16); d2 = f * Vector512.Load(x + 32); x += n;
        e0 = f * Vector512.Load(x); e1 = f * Vector512.Load(x + 16); e2 = f * Vector512.Load(x + 32); x += n;
        g0 = f * Vector512.Load(x); g1 = f * Vector512.Load(x + 16); g2 = f * Vector512.Load(x + 32); x += n;
        h0 = f * Vector512.Load(x); h1 = f * Vector512.Load(x + 16); h2 = f * Vector512.Load(x + 32); x += n;
        k0 = f * Vector512.Load(x); k1 = f * Vector512.Load(x + 16); k2 = f * Vector512.Load(x + 32);
        for (var r = 0; r < rank; r++, z += ldz)
        {
            var (u, v, w) = (Vector512.Load(z), Vector512.Load(z + 16), Vector512.Load(z + 32));
            var s = Vector512.Create(a[r]);
            a0 = Vector512.FusedMultiplyAdd(s, u, a0); a1 = Vector512.FusedMultiplyAdd(s, v, a1); a2 = Vector512.FusedMultiplyAdd(s, w, a2);
            s = Vector512.Create(a[r + lda]);
            b0 = Vector512.FusedMultiplyAdd(s, u, b0); b1 = Vector512.FusedMultiplyAdd(s, v, b1); b2 = Vector512.FusedMultiplyAdd(s, w, b2);
            s = Vector512.Create(a[r + 2 * lda]);
            c0 = Vector512.FusedMultiplyAdd(s, u, c0); c1 = Vector512.FusedMultiplyAdd(s, v, c1); c2 = Vector512.FusedMultiplyAdd(s, w, c2);
            s = Vector512.Create(a[r + 3 * lda]);
            d0 = Vector512.FusedMultiplyAdd(s, u, d0); d1 = Vector512.FusedMultiplyAdd(s, v, d1); d2 = Vector512.FusedMultiplyAdd(s, w, d2);
            s = Vector512.Create(a[r + 4 * lda]);
            e0 = Vector512.FusedMultiplyAdd(s, u, e0); e1 = Vector512.FusedMultiplyAdd(s, v, e1); e2 = Vector512.FusedMultiplyAdd(s, w, e2);
            s = Vector512.Create(a[r + 5 * lda]);
            g0 = Vector512.FusedMultiplyAdd(s, u, g0); g1 = Vector512.FusedMultiplyAdd(s, v, g1); g2 = Vector512.FusedMultiplyAdd(s, w, g2);
            s = Vector512.Create(a[r + 6 * lda]);
            h0 = Vector512.FusedMultiplyAdd(s, u, h0); h1 = Vector512.FusedMultiplyAdd(s, v, h1); h2 = Vector512.FusedMultiplyAdd(s, w, h2);
            s = Vector512.Create(a[r + 7 * lda]);
            k0 = Vector512.FusedMultiplyAdd(s, u, k0); k1 = Vector512.FusedMultiplyAdd(s, v, k1); k2 = Vector512.FusedMultiplyAdd(s, w, k2);
        }
        a0.Store(y); a1.Store(y + 16); a2.Store(y + 32); y += n;
        b0.Store(y); b1.Store(y + 16); b2.Store(y + 32); y += n;
        c0.Store(y); c1.Store(y + 16); c2.Store(y + 32); y += n;
        d0.Store(y); d1.Store(y + 16); d2.Store(y + 32); y += n;
        e0.Store(y); e1.Store(y + 16); e2.Store(y + 32); y += n;
        g0.Store(y); g1.Store(y + 16); g2.Store(y + 32); y += n;
        h0.Store(y); h1.Store(y + 16); h2.Store(y + 32); y += n;
        k0.Store(y); k1.Store(y + 16); k2.Store(y + 32);
    }
    static void Tile1(float* x, float* y, float* a, float* z, long n, int lda, int ldz, int rank, Vector512<float> f)
    {
        for (var row = 0; row < 8; row++)
        {
            var s = f * Vector512.Load(x + row * n);
            for (var r = 0; r < rank; r++) s = Vector512.FusedMultiplyAdd(Vector512.Create(a[r + row * lda]), Vector512.Load(z + (long)r * ldz), s);
            s.Store(y + row * n);
        }
    }
    // a: rows x lda coordinates; z: rank x n
    public static void Into(torch.Tensor y, torch.Tensor x, torch.Tensor a, torch.Tensor z, float f)
    {
        var job = new UpdateJob { x = N.Ptr<float>(x), y = N.Ptr<float>(y), a = N.Ptr<float>(a), z = N.Ptr<float>(z), n = x.size(1), lda = (int)a.stride(0), ldz = (int)z.stride(0), rank = (int)z.size(0), f = f };
        N.parallel_for(0, x.size(0) / 8, 1, &Callback, &job);
    }
}
