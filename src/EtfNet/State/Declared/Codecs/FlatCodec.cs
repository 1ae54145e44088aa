namespace EtfNet;

/// <summary>An array of numbers as a tensor of one dimension, or of those that its declaration names.</summary>
internal sealed class FlatCodec<T> : ArrayCodec
    where T : unmanaged
{
    public override bool CanMerge(MergeRule rule) =>
        rule is MergeRule.Keep or MergeRule.Same or MergeRule.First or MergeRule.ByType
            || (rule == MergeRule.Sum
                && (typeof(T) == typeof(double) || typeof(T) == typeof(float) || typeof(T) == typeof(long) || typeof(T) == typeof(int)));

    public override void Capture(StateSet to, string name, object value, IReadOnlyList<long?>? dimensions)
    {
        var array = (T[])value;
        long[] shape = dimensions is null or { Count: 1 } ? [array.Length] : [.. dimensions.Select(size => size
            ?? throw new InvalidOperationException($"The dimensions of {EntryName.Quote(name)} must be numbers of its state."))];
        if (shape.Aggregate(1L, (product, size) => product * size) != array.Length)
            throw new InvalidOperationException(
                $"{EntryName.Quote(name)} has {array.Length} numbers; its declared shape is {StateTensor.Text(shape)}.");
        to.Add(name, new RowTensor<T>(shape, [array]));
    }

    public override PendingValue? Read(StateReader from, string name, object? current) =>
        Find(from, name, typeof(T), rank: null, int.MaxValue) is { } tensor ? PendingValue.Of(tensor.ToArray()) : null;

    public override string? MergeProblem(MergeRule rule, string name, object own, object other) =>
        rule == MergeRule.Sum && ((T[])own).Length != ((T[])other).Length
            ? $"{EntryName.Quote(name)} has {((T[])other).Length} numbers there and {((T[])own).Length} here"
            : base.MergeProblem(rule, name, own, other);

    public override object Merge(MergeRule rule, object own, object other, Func<Type, object?>? create)
    {
        if (rule == MergeRule.Sum)
            Add(own, other);
        return own;
    }

    protected override bool AreEqual(object own, object other) => ((T[])own).AsSpan().SequenceEqual((T[])other);

    protected override string Show(object value) => Words.Count(((T[])value).Length, "number");

    private static void Add(object own, object other)
    {
        switch (own)
        {
            case double[] sum:
                for (var i = 0; i < sum.Length; i++)
                    sum[i] += ((double[])other)[i];
                break;
            case float[] sum:
                for (var i = 0; i < sum.Length; i++)
                    sum[i] += ((float[])other)[i];
                break;
            case long[] sum:
                for (var i = 0; i < sum.Length; i++)
                    sum[i] += ((long[])other)[i];
                break;
            case int[] sum:
                for (var i = 0; i < sum.Length; i++)
                    sum[i] += ((int[])other)[i];
                break;
        }
    }
}
