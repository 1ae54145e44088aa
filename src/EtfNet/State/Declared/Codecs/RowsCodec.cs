namespace EtfNet;

/// <summary>Arrays of one length as the rows of a matrix.</summary>
internal sealed class RowsCodec<T> : ArrayCodec
    where T : unmanaged
{
    public override bool CanMerge(MergeRule rule) => rule is MergeRule.Keep or MergeRule.First or MergeRule.ByType;

    public override void Capture(StateSet to, string name, object value, IReadOnlyList<long?>? dimensions)
    {
        var rows = (T[][])value;
        var length = dimensions is [_, { } known] ? known : rows.Length == 0 ? 0 : rows[0].Length;
        if (rows.FirstOrDefault(row => row.Length != length) is { } odd)
            throw new InvalidOperationException($"{EntryName.Quote(name)} has a row of {odd.Length} numbers; {length} are declared.");
        to.Add(name, new RowTensor<T>([rows.Length, length], rows));
    }

    public override PendingValue? Read(StateReader from, string name, object? current)
    {
        if (Find(from, name, typeof(T), rank: 2) is not { } tensor)
            return null;
        var (rows, length) = (tensor.Shape[0], tensor.Shape[1]);
        // A matrix without columns may claim any number of rows, as it takes no bytes.
        if (rows > Array.MaxLength || length > int.MaxValue / 16 || (length == 0 && rows > 0))
            throw from.Wrong(name, $"it is {tensor}, which is too large, or has rows without numbers");
        return PendingValue.Of(tensor.ToRows<T>(length));
    }

    public override object Merge(MergeRule rule, object own, object other, Func<Type, object?>? create) => own;

    public override object Copy(object value, Func<Type, object?>? create) => Array.ConvertAll((T[][])value, row => (T[])row.Clone());
}
