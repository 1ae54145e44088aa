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
        foreach (var member in read.Where(member => values.Find(member.Member) is int or long))
            lengths[member.Member] = lengths[member.Name] = Convert.ToInt64(values.Find(member.Member), CultureInfo.InvariantCulture);
        foreach (var member in read)
            if (member.Dimensions is { } dimensions && EntryName.Join(name, member.Name) is var full
                && ShapeProblem(dimensions, from.State.Tensors[full], lengths) is { } problem)
                throw from.Wrong(full, problem);
    }

    private static void RequireValues(StateMember member, object value, StateValues values, StateReader from, string name)
    {
        var least = member.Declared.AtLeast;
        var most = member.Declared.AtMost is { } other && values.Find(other) is { } bound ? Number(bound) : double.PositiveInfinity;
        if (least == double.NegativeInfinity && most == double.PositiveInfinity && !member.Declared.Finite)
            return;
        foreach (var number in Numbers(value))
            if (member.Declared.Finite && !double.IsFinite(number))
                throw from.Wrong(name, $"it holds {Text(number)}, but only finite numbers are allowed");
            else if (!(number >= least))
                throw from.Wrong(name, $"it holds {Text(number)}, but the minimum is {Text(least)}");
            else if (!(number <= most))
                throw from.Wrong(name, $"it holds {Text(number)}, but '{EntryName.OfMember(member.Declared.AtMost!)}' is {Text(most)}");
    }

    /// <param name="wanted">The names of the dimensions.</param>
    /// <param name="tensor">What was read.</param>
    /// <param name="lengths">The lengths that names stand for; those not among them yet are added.</param>
    /// <returns>What is wrong; null: nothing.</returns>
    private static string? ShapeProblem(string[] wanted, StateTensor tensor, Dictionary<string, long> lengths)
    {
        if (tensor.Shape.Count != wanted.Length)
            return $"it is {tensor}; wanted ({string.Join(", ", wanted)})";
        foreach (var (name, length) in wanted.Zip(tensor.Shape))
            if (!lengths.TryAdd(name, length) && lengths[name] != length)
                return $"it is {tensor}; wanted ({string.Join(", ", wanted)}), where {name} is {lengths[name]}";
        return null;
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
