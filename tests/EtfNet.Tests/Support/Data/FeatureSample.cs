using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>A random problem: classes of uneven size, some absent, some with one sample, an offset of up to 1e4, sometimes more classes
/// than features.</summary>
internal sealed record FeatureSample(float[][] Rows, int[] Labels, int ClassCount)
{
    public int Width => Rows[0].Length;

    public int[] Present => [.. Labels.Distinct().Order()];

    public static FeatureSample Random(int seed, double maxOffset = 1e4)
    {
        var random = new Random(seed);
        var classCount = random.Next(2, 13);
        var width = random.Next(1, 41);
        var offset = seed % 3 == 0 ? 0 : Math.Pow(10, random.NextDouble() * 4) * (maxOffset / 1e4);
        var spread = Math.Pow(10, random.NextDouble() * 2 - 1);
        var shift = Enumerable.Range(0, width).Select(_ => offset * (random.NextDouble() - 0.5) * 2).ToArray();
        var means = Enumerable.Range(0, classCount).Select(_ => shift.Select(value => value + Normal(random)).ToArray()).ToArray();

        var labels = new List<int>();
        for (var c = 0; c < classCount; c++)
            labels.AddRange(Enumerable.Repeat(c, random.Next(5) switch { 0 => 0, 1 => 1, 2 => 2, _ => random.Next(3, 40) }));
        while (labels.Distinct().Count() < 2)
            labels.Add(labels.Contains(0) ? 1 : 0);
        var order = labels.OrderBy(_ => random.Next()).ToArray();
        var rows = order.Select(c => means[c].Select(mean => (float)(mean + spread * Normal(random))).ToArray());
        return new FeatureSample([.. rows], order, classCount);
    }

    public Tensor Features() => tensor(Rows.SelectMany(row => row).ToArray()).reshape(Rows.Length, Width);

    public Tensor LabelTensor() => tensor(Labels.Select(label => (long)label).ToArray());

    public double[] Mean(int c, int without = -1)
    {
        var mean = new double[Width];
        var members = Enumerable.Range(0, Rows.Length).Where(i => Labels[i] == c && i != without).ToArray();
        foreach (var i in members)
            for (var j = 0; j < Width; j++)
                mean[j] += Rows[i][j];
        return [.. mean.Select(value => value / members.Length)];
    }

    public static double SquaredDistance(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var j = 0; j < a.Length; j++)
            sum += (a[j] - b[j]) * (a[j] - b[j]);
        return sum;
    }

    public double[] Row(int i) => Array.ConvertAll(Rows[i], value => (double)value);

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
