extern alias old;
using TorchSharp; using static TorchSharp.torch; using EtfNet;
using Old = old::EtfNet;
namespace Proto;
static class Nc1
{
    public static void Run(string[] args)
    {
        foreach (var threads in new[] { 1, 2 })
        foreach (var (b, n, k) in new[] { (4096, 512, 10), (4096, 512, 100), (4096, 512, 1000), (50000, 512, 1000) })
        {
            if (b > 10000 && !args.Contains("big")) continue;
            set_num_threads(threads);
            using var scope = NewDisposeScope();
            var centers = randn(k, n); var y = randint(0, k, b, dtype: ScalarType.Int64);
            var x = centers.index_select(0, y) + 0.7 * randn(b, n) + 1;
            var (ns, os) = (new ClassStatistics(n), new Old.ClassStatistics(n));
            ns.Add(x, y); os.Add(x, y);
            var labels = LabelReader.Read(y, k);
            double a = 0, o = 0, t = 0;
            Console.Write($"t{threads} {b}x{n} of {k}: ");
            Bench.Run([
                ("create", () => PseudoInverseVariability.Create(ns)!.Dispose()), ("createold", () => Old.PseudoInverseVariability.Create(os)!.Dispose()),
                ("new", () => { using var v = PseudoInverseVariability.Create(ns)!; v.Add(x, labels); a = v.Value!.Value; }),
                ("old", () => { using var v = Old.PseudoInverseVariability.Create(os)!; v.Add(x, labels); o = v.Value!.Value; }),
                ("two", () => t = Two(x, y, k)),
            ], 3);
            Console.WriteLine($"{a} {o} {t}");
        }
    }
    static double Two(Tensor x, Tensor labels, int k)
    {
        using var scope = NewDisposeScope();
        var features = x.to(float64);
        var counts = zeros(k, dtype: float64).index_add_(0, labels, ones(x.shape[0], dtype: float64), 1).clamp_min(1).unsqueeze(1);
        var means = zeros(k, x.shape[1], dtype: float64).index_add_(0, labels, features, 1) / counts;
        var deviations = features - means.index_select(0, labels);
        var within = deviations.t().mm(deviations) / x.shape[0];
        var centered = means - means.mean([0L], keepdim: true);
        var between = centered.t().mm(centered) / k;
        return (within.mm(linalg.pinv(between, hermitian: true)).trace() / k).item<double>();
    }
}
