using System.Globalization;

namespace EtfNet;

/// <summary>The conditions that declarations put on values: bounds, finite numbers, shapes that fit each other.</summary>
internal static class StateConditions
{
    /// <exception cref="EtfStateException">A value does not meet its declaration.</exception>
    public static void Require(IReadOnlyList<StateMember> members, StateValues values, StateReader from, string name)
    {
        var read = members.Where(member => values.Find(member.Member) is not null).ToList();
        foreach (var member in read)
            RequireValues(member, values.Find(member.Member)!, values, from, EntryName.Join(name, member.Name));
        var lengths = new Dictionary<string, long>();
        foreach (var member in read)
            if (member.Dimensions is { } dimensions)
                RequireShape(members, values, dimensions, lengths, from, EntryName.Join(name, member.Name));
    }

    private static void RequireValues(StateMember member, object value, StateValues values, StateReader from, string name)
    {
        var (least, most) = (member.Declared.AtLeast, member.Declared.AtMost is { } other && values.Find(other) is { } bound ? Number(bound) : double.PositiveInfinity);
        if (least == double.NegativeInfinity && most == double.PositiveInfinity && !member.Declared.Finite)
            return;
        foreach (var number in Numbers(value))
            if (member.Declared.Finite && !double.IsFinite(number))
                throw from.Wrong(name, $"it holds {Text(number)}, and only finite numbers are allowed");
            else if (!(number >= least))
                throw from.Wrong(name, $"it holds {Text(number)}, and the least is {Text(least)}");
            else if (!(number <= most))
                throw from.Wrong(name, $"it holds {Text(number)}, and {EntryName.Quote(EntryName.OfMember(member.Declared.AtMost!))} is {Text(most)}");
    }

    private static void RequireShape(
        IReadOnlyList<StateMember> members, StateValues values, string[] dimensions, Dictionary<string, long> lengths, StateReader from, string name)
    {
        var tensor = from.State.Tensors[name];
        if (tensor.Shape.Count != dimensions.Length)
            throw from.Wrong(name, $"it is {tensor}, and ({string.Join(", ", dimensions)}) is wanted");
        for (var i = 0; i < dimensions.Length; i++)
        {
            var known = members.FirstOrDefault(member => member.Name == dimensions[i]) is { } member && values.Find(member.Member) is { } value
                ? Convert.ToInt64(value, CultureInfo.InvariantCulture)
                : lengths.TryGetValue(dimensions[i], out var length) ? length : lengths[dimensions[i]] = tensor.Shape[i];
            if (tensor.Shape[i] != known)
                throw from.Wrong(name, $"it is {tensor}, and ({string.Join(", ", dimensions)}) is wanted, where {dimensions[i]} is {known}");
        }
    }

    private static IEnumerable<double> Numbers(object value) => value switch
    {
        double[] numbers => numbers,
        float[] numbers => numbers.Select(number => (double)number),
        long[] numbers => numbers.Select(number => (double)number),
        int[] numbers => numbers.Select(number => (double)number),
        double[][] rows => rows.SelectMany(row => row),
        float[][] rows => rows.SelectMany(row => row.Select(number => (double)number)),
        int or long or float or double => [Number(value)],
        _ => throw new InvalidOperationException($"Bounds are declared for numbers and their arrays, not for {value.GetType().Name}."),
    };

    private static double Number(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);
}
