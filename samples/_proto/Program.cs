using System.Diagnostics; using TorchSharp; using static TorchSharp.torch; using Proto; using EtfNet;
N.Init(); torch.ones(30 * 1024 * 256).Dispose();
if (args.Contains("keep")) Mem.Keep();

if (args.Contains("upd"))

Console.WriteLine($"{typeof(torch).Assembly.GetName().Version} {NativeTorch.Reason} {NativeAutograd.Current is not null} {SimdDispatch.Widest}");
if (args.Contains("check"))
{
    var worst = 0.0;
    foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16 })
    foreach (var width in Enum.GetValues<SimdWidth>())
    foreach (var (m, n) in new (long, long)[] { (7, 7), (64, 64), (65, 64), (40, 64), (200, 200), (1000, 1200), (1025, 1024), (3, 2), (2, 1) })
    foreach (var shape in new long[][] { [5], [1], [0], [3, 4, 4], [2, 7, 7], [2, 1, 1], [2, 16, 16], [2, 1, 5] })
    foreach (var form in new[] { 0, 1, 2, 3, 4 })
    foreach (var hasBias in new[] { false, true })
    foreach (var adjoint in new[] { false, true })
    {
        if (shape.Length == 3 && m > 300) continue;
        using var s = NewDisposeScope();
        var inn = adjoint ? m : n; var outt = adjoint ? n : m;
        long[] sh = [shape[0], inn, .. shape.Skip(1)];
        var x = randn(sh, ScalarType.Float64).to(type);
        x = form switch { 0 => x, 1 => x.transpose(0, 1).contiguous().transpose(0, 1), 2 when sh.Length == 4 => x.contiguous().permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), 3 => cat([x, x], -1).narrow(-1, 1, x.shape[^1]), 4 when sh[0] > 0 => x.narrow(0, 0, 1).expand(sh), _ => x };
        var b = hasBias ? randn(outt, ScalarType.Float64).to(type) : null;
        var fs = new FrameShape(m, n, false); var sc = new FrameScale(1.3);
        SimdDispatch.Force(width);
        var y = adjoint ? Centering.ApplyAdjoint(x, fs, sc, b) : Centering.Apply(x, fs, sc, b);
        var used = CenteringPass.Reaches(x);
        Tensor z;
        using (NativeTorch.Force(null)) { var xd = x.to(ScalarType.Float64); var bd = b?.to(ScalarType.Float64); z = adjoint ? Centering.ApplyAdjoint(xd, fs, sc, bd) : Centering.Apply(xd, fs, sc, bd); }
        SimdDispatch.Force(null);
        if (!y.shape.SequenceEqual(z.shape)) throw new Exception("shape");
        if (y.numel() == 0) continue;
        var e = (y.to(ScalarType.Float64) - z).abs().max().item<double>() / (1 + z.abs().max().item<double>());
        var tol = type == ScalarType.Float64 ? 1e-14 : type == ScalarType.Float32 ? 1e-6 : 1e-2;
        if (!(e < tol)) Console.WriteLine($"BAD {type} {width} {m}x{n} {string.Join(',', sh)} form {form} bias {hasBias} adj {adjoint}: {e}");
        worst = Math.Max(worst, e / tol);
    }
    Console.WriteLine($"worst {worst}");
}

if (args.Contains("lowcheck"))
{
    var worst = 0.0;
    foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16 })
    foreach (var width in Enum.GetValues<SimdWidth>())
    foreach (var (m, n, r) in new (long, long, int)[] { (7, 7, 2), (64, 64, 5), (65, 64, 20), (40, 64, 33), (200, 230, 20), (1024, 1024, 20), (3, 2, 1), (48, 300, 16), (300, 301, 15), (90, 60, 31) })
    foreach (var rows in new[] { 0, 1, 3, 4, 6, 64, 70, 128 })
    foreach (var hasBias in new[] { false, true })
    foreach (var form in new[] { 0, 1 })
    {
        using var s = NewDisposeScope();
        var w = (r + 8) / 8 * 8;
        var x = randn(rows, n, ScalarType.Float64).to(type); if (form == 1) x = cat([x, x], 1).narrow(1, 1, n);
        var (inner, outer) = (randn(n, w, ScalarType.Float64).div(Math.Sqrt(n)).to(type), randn(m, w, ScalarType.Float64).to(type));
        var b = hasBias ? randn(m, ScalarType.Float64).to(type) : null;
        SimdDispatch.Force(width);
        var y = LowRankPass.TryApply(x, inner, outer, r + 1, 1.3, b);
        SimdDispatch.Force(null);
        if (y is null) { if (m >= 12) Console.WriteLine("null"); continue; }
        if (y.numel() == 0) continue;
        var (xd, id, od) = (x.to(ScalarType.Float64), inner.to(ScalarType.Float64), outer.to(ScalarType.Float64));
        var fit = m > n ? nn.functional.pad(xd, (0, m - n)) : xd.narrow(1, 0, m);
        var z = 1.3 * (fit - xd.mm(id).narrow(1, 0, r + 1).mm(od.narrow(1, 0, r + 1).t()));
        if (b is not null) z = z + b.to(ScalarType.Float64);
        var e = (y.to(ScalarType.Float64) - z).abs().max().item<double>() / (1 + z.abs().max().item<double>());
        var tol = type == ScalarType.Float64 ? 1e-14 : type == ScalarType.Float32 ? 1e-6 : 1e-2;
        if (!(e < tol)) Console.WriteLine($"BAD {type} {width} {m}x{n} r{r} rows {rows} form {form} bias {hasBias}: {e}");
        worst = Math.Max(worst, e / tol);
    }
    Console.WriteLine($"worst {worst}");
}

if (args.Contains("dis"))
{
    set_num_threads(1);
    var x = randn(128, 1024); var right = randn(1024, 24); var left = right.clone();
    for (var i = 0; i < 20000; i++) LowRankPass.TryApply(x, right, left, 21, 1.0)!.Dispose();
    Thread.Sleep(500);
    for (var i = 0; i < 20000; i++) LowRankPass.TryApply(x, right, left, 21, 1.0)!.Dispose();
}


if (args.Contains("exitx"))
{
    var mode = args[1]; 
    for (var i = 0; i < 3; i++)
        new Thread(() => {
            set_num_threads(2);
            var x = ones(200, 512, requires_grad: true); var g = ones(200, 512);
            using var identity = new SimplexEtfLinear(512, 512);
            using var dense = nn.Linear(512, 512);
            using var force = mode == "native" || mode == "kernel" ? null : NativeTorch.Force(null);
            var form = new CenteringForm(512, 512, 512, 1, -1.0 / 512);
            while (true)
            {
                using var scope = NewDisposeScope();
                if (mode == "dense") { dense.call(x).sum().backward(); x.grad = null; }
                else if (mode == "ops") { g.mul(g).sum(); }
                else if (mode == "kernel") CenteringPass.TryApply(g, form);
                else if (mode == "for") TorchThreads.For(8, _ => { });
                else { identity.call(x).sum().backward(); x.grad = null; }
            }
        }) { IsBackground = true }.Start();
    Thread.Sleep(400);
    return;
}
if (args.Contains("prof"))
{
    set_num_threads(1);
    using var x = randn(128, 16).requires_grad_(true); using var g = randn(128, 16);
    using var layer = new SimplexEtfLinear(16, 16, hasBias: false);
    for (var i = 0; i < 400000; i++) { using var scope = NewDisposeScope(); layer.call(x).backward([g]); x.grad = null; }
}

if (args.Contains("conv"))
foreach (var threads in new[] { 1 })
{
    set_num_threads(threads);
    foreach (var (c, side) in new[] { (64L, 16L), (256L, 8L), (512L, 8L), (512L, 4L) })
    foreach (var last in new[] { false, true })
    {
        using var s0 = NewDisposeScope();
        var x = randn(64, c, side, side); if (last) x = x.contiguous().permute(0,2,3,1).contiguous().permute(0,3,1,2);
        var left = randn(c, 32); var right = randn(32, c, 3, 3);
        long[] one = [1, 1];
        var z = nn.functional.conv2d(x, right, null, one, one, one);
        var y = ChannelProduct.Apply(left, z);
        var l = left.t().contiguous();
        var sc = (Scalar)1.5;
        var x2 = x.slice(2, 0, side, 2).slice(3, 0, side, 2); var f2 = new FrameShape(c, c, false);
        var window = new PatchWindow(new PatchShape(c, 3, 3), 2, new Extent(1,1), new Extent(1,1), new Extent(1,1), new Extent(1,1), TorchSharp.PaddingModes.Zeros);
        var op = new LowRankPatches(new FrameShape(c, c * 9, false), () => left, () => right, window, new Extent(side, side));
        var id = new CenteredPatches(new FrameShape(c, c * 9, false), window, new Extent(side, side));
        Console.Write($"{c} {side} {(last ? "last" : "nchw")}: ");
        Bench.Run([
            ("conv", () => { using var s = NewDisposeScope(); nn.functional.conv2d(x, right, null, one, one, one); }),
            ("convT", () => { using var s = NewDisposeScope(); nn.functional.conv_transpose2d(z, right, null, one, one); }),
            ("prod", () => { using var s = NewDisposeScope(); ChannelProduct.Apply(left, z); }),
            ("prodT", () => { using var s = NewDisposeScope(); ChannelProduct.Apply(l, y); }),
            ("add", () => { using var s = NewDisposeScope(); y.add_(x, sc); }),
            ("fwd", () => { using var s = NewDisposeScope(); op.Apply(x, FrameScale.One); }),
            ("bwd", () => { using var s = NewDisposeScope(); op.ApplyAdjoint(x, FrameScale.One); }),
            ("id", () => { using var s = NewDisposeScope(); id.Apply(x, FrameScale.One); }),
            ("idold", () => { using var f = NativeTorch.Force(null); using var s = NewDisposeScope(); id.Apply(x, FrameScale.One); }),
            ("clone", () => { using var s = NewDisposeScope(); x.clone(); }),
            ("s2", () => { using var s = NewDisposeScope(); Centering.Apply(x2, f2, FrameScale.One); }),
            ("s2c", () => { using var s = NewDisposeScope(); Centering.Apply(x2.contiguous(), f2, FrameScale.One); }),
        ], 2.5);
    }
}
if (args.Contains("stat")) Stat.Run(args);
if (args.Contains("nc1")) Nc1.Run(args);
if (args.Contains("low"))
foreach (var threads in new[] { 1, 2 })
{
    set_num_threads(threads);
    foreach (var (b, n) in new[] { (128L, 256L), (128L, 1024L), (128L, 4096L), (1024L, 1024L) })
    {
        using var x = randn(b, n).requires_grad_(true); using var g = randn(b, n);
        var right = randn(n, 24); right.narrow(1, 21, 3).zero_(); var left = right.clone();
        var op = new LowRankOperator(new FrameShape(n, n, false), 20, () => left, () => right);
        using var dense = nn.Linear(n, n, hasBias: false); dense.weight.requires_grad_(false);
        Console.Write($"t{threads} {b}x{n}: ");
        var acts = new List<(string, Action)> {
            ("new", () => op.Apply(g, FrameScale.One).Dispose()),
            ("old", () => { using (NativeTorch.Force(null)) op.Apply(g, FrameScale.One).Dispose(); }),
            ("mm24", () => g.mm(right).Dispose()),
            ("stepnew", () => Step(x => FrameFunction.Run(x, null, op, FrameScale.One))),
            ("stepold", () => { using (NativeTorch.Force(null)) Step(x => FrameFunction.Run(x, null, op, FrameScale.One)); }),
            ("clone", () => g.clone().Dispose()),
        };
        if (args.Contains("dense")) acts.Add(("dense", () => Step(dense.call)));
        Bench.Run(acts.ToArray());
        void Step(Func<Tensor, Tensor> f)
        {
            using var scope = NewDisposeScope();
            f(x).backward([g]);
            x.grad = null;
        }
    }
}
if (args.Contains("step"))
foreach (var threads in new[] { 1, 2 })
{
    set_num_threads(threads);
    Console.WriteLine($"threads {threads}");
    foreach (var (b, n) in new[] { (128L, 16L), (128L, 1024L), (128L, 4096L) })
    {
        using var x = randn(b, n).requires_grad_(true); using var y = empty(b, n); using var g = randn(b, n);
        using var layer = new SimplexEtfLinear(n, n, hasBias: false);
        using var dense = nn.Linear(n, n, hasBias: false); dense.weight.requires_grad_(false);
        var acts = new List<(string, Action)>
        {
            ("new", () => Step(layer.call)),
            ("old", () => { using (NativeTorch.Force(null)) Step(layer.call); }),
            ("fwdnew", () => { using (no_grad()) layer.call(x).Dispose(); }),
            ("fwdold", () => { using (NativeTorch.Force(null)) using (no_grad()) layer.call(x).Dispose(); }),
            ("clone", () => { using (no_grad()) x.clone().Dispose(); }),
        };
        if (args.Contains("dense")) acts.Add(("dense", () => Step(dense.call)));
        Console.Write($"{b}x{n}: ");
        Bench.Run(acts.ToArray());
        void Step(Func<Tensor, Tensor> f)
        {
            using var scope = NewDisposeScope();
            f(x).backward([g]);
            x.grad = null;
        }
    }
}
if (args.Contains("upd"))
foreach (var threads in new[] { 1, 2 })
{
    set_num_threads(threads);
    foreach (var (b, n) in new[] { (128L, 1024L), (128L, 4096L), (1024L, 1024L) })
    {
        using var x = randn(b, n); using var y = empty(b, n); 
        var right = randn(n, 32); right.narrow(1, 21, 11).zero_(); var left = right.clone();
        var rightT = right.t().contiguous(); var leftT = left.narrow(1, 0, 21).t().contiguous();
        using var frozen = new SimplexEtfLinear(SimplexEtf.Create(EtfFrame.Identity, n, n)); 
        var coords = x.mm(right); var c21 = coords.narrow(1, 0, 21); var lt = left.narrow(1, 0, 21).t();
        var dense = randn(n, n);
        using var w = x.clone();
        Upd.Into(y, x, coords, leftT, 1.5f);
        Console.WriteLine((y - (x * 1.5f + c21.mm(lt))).abs().max().item<float>());
        Console.Write($"t{threads} {b}x{n}: ");
        Bench.Run(new (string, Action)[] {
            ("mm32", () => x.mm(right).Dispose()),
            ("mm21", () => x.mm(right.narrow(1, 0, 21)).Dispose()),
            ("mm32T", () => x.mm(rightT.t()).Dispose()),
            ("mmLt", () => c21.mm(lt).Dispose()),
            ("mmLtc", () => c21.mm(leftT).Dispose()),
            ("addmm", () => x.addmm(c21, lt, 1.5f, -1.5f).Dispose()),
            ("addmmout", () => N.Addmm(y, x, c21, leftT, 1.5, -1.5)),
            ("addmmin", () => N.Addmm(y, y, c21, leftT, 1.0, -1.5)),
            ("own", () => Upd.Into(y, x, coords, leftT, 1.5f)),
            ("clone", () => x.clone().Dispose()),
            ("dense", () => x.mm(dense).Dispose()),
        });
    }
}

static class Mem
{
    [System.Runtime.InteropServices.DllImport("libc")] static extern int mallopt(int p, int v);
    public static void Keep() => Console.WriteLine($"{mallopt(-4, 0)} {mallopt(-1, int.MaxValue)} {mallopt(-2, 64 << 20)}");
}
public static class Bench
{
    public static void Run((string Name, Action Act)[] acts, double seconds = 1.5)
    {
        var samples = acts.Select(_ => new List<double>()).ToArray();
        var reps = new int[acts.Length];
        for (var i = 0; i < acts.Length; i++)
        {
            var w = Stopwatch.StartNew(); var c = 0;
            while (w.ElapsedMilliseconds < 120) { acts[i].Act(); c++; }
            reps[i] = (int)Math.Clamp(c / 120.0 * 0.5, 1, 200);
        }
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
            for (var i = 0; i < acts.Length; i++)
            {
                var s = Stopwatch.GetTimestamp();
                for (var k = 0; k < reps[i]; k++) acts[i].Act();
                samples[i].Add(Stopwatch.GetElapsedTime(s).TotalMicroseconds / reps[i]);
            }
        foreach (var (a, s) in acts.Zip(samples)) { s.Sort(); Console.Write($" {a.Name} {s[0]:f1}/{s[s.Count / 4]:f1}"); }
        Console.WriteLine();
    }
}
