using EtfNet.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels.Fuzzing;

/// <summary>
/// Kernels on tensors of random shapes, strides and types, each compared with the tensor operations that it stands for, in float64.
/// </summary>
internal static class KernelFuzz
{
    /// <summary>One case, all of it drawn from its number.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public static string? Try(int seed)
    {
        var random = new Random(seed);
        SimdWidth[] widths = [.. Enum.GetValues<SimdWidth>().Where(width => width <= SimdDispatch.Widest)];
        SimdDispatch.Force(random.Next(3) == 0 ? widths[random.Next(widths.Length)] : null);
        var threads = get_num_threads();
        set_num_threads(random.Next(8) == 0 ? 2 : 1);
        try
        {
            using var scope = NewDisposeScope();
            return random.Next(5) switch
            {
                0 => Rows(random, seed),
                1 => Maps(random, seed),
                2 => LowRank(random, seed),
                3 => Spread(random, seed),
                _ => Statistics(random, seed),
            };
        }
        finally
        {
            set_num_threads(threads);
            SimdDispatch.Force(null);
        }
    }

    private static string? Rows(Random random, int seed) => Centering(random, seed, []);

    private static string? Maps(Random random, int seed) => Centering(random, seed, [random.Next(1, 14), random.Next(1, 14)]);

    private static string? Centering(Random random, int seed, long[] places)
    {
        long space = random.Next(1, places.Length == 0 ? 300 : 60);
        var points = random.Next(3) switch { 0 => space, 1 => space + 1, _ => random.Next(1, (int)space + 1) };
        var shape = new FrameShape(Math.Max(2, points), Math.Max(space, Math.Max(2, points) - 1), false);
        var isAdjoint = random.Next(2) == 0;
        var (inputs, outputs) = isAdjoint ? (shape.Points, shape.Space) : (shape.Space, shape.Points);
        var type = Type(random);
        var x = Strided(random, Sample.Normal(seed, [random.Next(0, 9), inputs, .. places]).to(type));
        var bias = random.Next(2) == 0 ? null : Strided(random, Sample.Normal(seed + 1, outputs).to(type));
        var scale = new FrameScale(0.5 + random.NextDouble());
        Tensor expected;
        using (NativeTorch.Force(null))
            expected = Apply(x.to(float64), bias?.to(float64));
        return Compare(Apply(x, bias), expected, type, $"{seed}: {shape}, adjoint {isAdjoint}, {Words(x)}");

        Tensor Apply(Tensor input, Tensor? added) => isAdjoint
            ? EtfNet.Centering.ApplyAdjoint(input, shape, scale, added)
            : EtfNet.Centering.Apply(input, shape, scale, added);
    }

    private static string? LowRank(Random random, int seed)
    {
        var (inputs, outputs, rank) = (random.Next(1, 200), random.Next(1, 200), random.Next(1, 40));
        var wide = rank + random.Next(0, 20);
        var type = Type(random);
        var x = Strided(random, Sample.Normal(seed, random.Next(0, 40), inputs).to(type));
        var inner = Strided(random, (Sample.Normal(seed + 1, inputs, wide) / Math.Sqrt(inputs)).to(type));
        var outer = Strided(random, Sample.Normal(seed + 2, outputs, wide).to(type));
        var bias = random.Next(2) == 0 ? null : Strided(random, Sample.Normal(seed + 3, outputs).to(type));
        var store = random.Next(2) == 0 ? null : new PanelStore();
        for (var calls = random.Next(2); store is not null && calls > 0; calls--)
            LowRankPass.TryApply(x, inner, outer, rank, 1.5, bias, store);
        if (LowRankPass.TryApply(x, inner, outer, rank, 1.5, bias, store) is not { } y)
            return null;
        var (wideX, left, right) = (x.to(float64), inner.to(float64).narrow(1, 0, rank), outer.to(float64).narrow(1, 0, rank));
        var fitted = outputs > inputs ? nn.functional.pad(wideX, (0, outputs - inputs)) : wideX.narrow(1, 0, outputs);
        var expected = 1.5 * (fitted - wideX.mm(left).mm(right.t())) + (bias?.to(float64) ?? zeros(1, float64));
        return Compare(y, expected, type, $"{seed}: {inputs} to {outputs} of rank {rank}, {Words(x)}");
    }

    private static string? Spread(Random random, int seed)
    {
        var (channels, rank, batch) = (random.Next(1, 40), random.Next(1, 20), random.Next(0, 5));
        var outputs = random.Next(1, channels + 1);
        long[] places = [random.Next(1, 14), random.Next(1, 14)];
        var type = Type(random);
        var x = Strided(random, Sample.Normal(seed, [batch, channels, .. places]).to(type));
        var left = Strided(random, Sample.Normal(seed + 1, outputs, rank).to(type));
        var coordinates = Strided(random, Sample.Normal(seed + 2, [batch, rank, .. places]).to(type));
        if (SpreadPass.TryApply(x, left, coordinates, 1.5) is not { } y)
            return null;
        var product = einsum("kj,njab->nkab", left.to(float64), coordinates.to(float64));
        var expected = 1.5 * (x.to(float64).narrow(1, 0, outputs) - product);
        return Compare(y, expected, type, $"{seed}: {outputs} outputs of rank {rank}, {Words(x)}, {Words(coordinates)}");
    }

    private static string? Statistics(Random random, int seed)
    {
        var (samples, width, classes) = (random.Next(1, 40), random.Next(1, 80), random.Next(1, 40));
        var type = random.Next(2) == 0 ? float32 : float64;
        var features = Strided(random, (Sample.Normal(seed, samples, width) + 1).to(type));
        var labels = Enumerable.Range(0, samples).Select(_ => (long)random.Next(classes)).ToArray();
        var statistics = new ClassStatistics(width);
        statistics.Add(features, tensor(labels));
        using var converted = FeatureRows.Convert(features);
        var rows = FeatureRows.View(converted ?? features);
        var nearest = new int[samples];
        var centers = ClassCenters.Create(statistics);
        NearestClassCenter.Score(rows, Array.ConvertAll(labels, label => (int)label), centers, nearest, statistics);

        var wide = features.to(float64);
        var means = new Dictionary<long, Tensor>();
        foreach (var label in labels.Distinct())
        {
            var members = Enumerable.Range(0, samples).Where(i => labels[i] == label).Select(i => (long)i).ToArray();
            var own = wide.index_select(0, tensor(members));
            means[label] = own.mean([0L]);
            if (Compare(tensor(statistics.Sum((int)label).ToArray()), own.sum(0L), float64,
                $"{seed}: sum of {label}, {Words(features)}") is { } problem)
                return problem;
            var scatter = (own - means[label]).square().sum().item<double>();
            if (Math.Abs(statistics.Scatter((int)label) - scatter) > 1e-10 * (1 + scatter))
                return $"{seed}: scatter of {label} is {statistics.Scatter((int)label)}, not {scatter}";
        }

        for (var i = 0; i < samples; i++)
        {
            var distances = means.Select(mean => (Class: mean.Key, Distance: (wide[i] - mean.Value).square().sum().item<double>()))
                .OrderBy(one => one.Distance).ToList();
            var isClear = distances.Count == 1 || distances[1].Distance - distances[0].Distance > 1e-9 * (1 + distances[0].Distance);
            if (isClear && nearest[i] != distances[0].Class)
                return $"{seed}: sample {i} is nearest to {nearest[i]}, not {distances[0].Class}";
        }

        return null;
    }

    private static string? Compare(Tensor actual, Tensor expected, ScalarType type, string what)
    {
        if (!actual.shape.SequenceEqual(expected.shape))
            return $"{what}: shape ({string.Join(", ", actual.shape)})";
        var tolerance = type == float64 ? 1e-12 : type == float32 ? 2e-6 : 2e-2;
        var difference = Sample.Max(actual.to(float64) - expected) / (1 + Sample.Max(expected));
        return difference < tolerance ? null : $"{what}: off by {difference}";
    }

    private static ScalarType Type(Random random) => random.Next(5) switch { 0 => float64, 1 => bfloat16, _ => float32 };

    /// <summary>
    /// The same numbers with random strides, offset and overlap: dimensions in any order, steps, gaps, and samples repeated without a
    /// copy.
    /// </summary>
    private static Tensor Strided(Random random, Tensor x)
    {
        for (var again = random.Next(3); again > 0; again--)
            x = Layouts.Of(x, random.Next(Layouts.Count));
        return x;
    }

    private static string Words(Tensor x) =>
        $"({string.Join(", ", x.shape)}) by ({string.Join(", ", x.stride())}) of {x.dtype} on {SimdDispatch.Width}";
}
