extern alias old;
using TorchSharp; using static TorchSharp.torch; using EtfNet;
using Old = old::EtfNet;
namespace Proto;
static class Stat
{
    public static void Run(string[] args)
    {
        foreach (var threads in new[] { 1, 2 })
        foreach (var (b, n, k) in new[] { (128, 1024, 10), (128, 1024, 100), (4096, 512, 100), (60000, 1024, 10), (128, 64, 10) })
        {
            if (b > 10000 && !args.Contains("big")) continue;
            set_num_threads(threads);
            using var scope = NewDisposeScope();
            var x = randn(b, n); var y = randint(0, k, b, dtype: ScalarType.Int64);
            var (ns, os) = (new ClassStatistics(n, false), new Old.ClassStatistics(n, false));
            var (nv, ov) = (new ClassStatistics(n), new Old.ClassStatistics(n));
            ns.Add(x, y); os.Add(x, y);
            var (nc, oc) = (ClassCenters.Create(ns), Old.ClassCenters.Create(os));
            var labels = LabelReader.Read(y, k);
            var a = NearestClassCenter.Score(FeatureRows.View(x), labels, nc); var o = Old.NearestClassCenter.Score(Old.FeatureRows.View(x), labels, oc);
            var spoil = zeros(1 << 20);
            Console.Write($"t{threads} {b}x{n} of {k} ({a.Wrong} {o.Wrong}): ");
            Bench.Run([
                ("sum", () => ns.Add(x, y)), ("sumold", () => os.Add(x, y)),
                ("scat", () => nv.Add(x, y)), ("scatold", () => ov.Add(x, y)),
                ("score", () => NearestClassCenter.Score(FeatureRows.View(x), labels, nc)), ("scoreold", () => Old.NearestClassCenter.Score(Old.FeatureRows.View(x), labels, oc)),
            ], 2);
        }
    }
}
