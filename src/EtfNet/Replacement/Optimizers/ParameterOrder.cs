using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;

namespace EtfNet;

/// <summary>
/// The order in which parameters stand in a group, those included that have left it for a while: so that each comes back to its own place.
/// </summary>
internal static class ParameterOrder
{
    private static readonly ConditionalWeakTable<ParamGroup, List<Parameter>> Orders = [];

    /// <summary>Whether two objects are one parameter.</summary>
    public static bool IsSame(Parameter a, Parameter b) => ReferenceEquals(a, b) || (!a.IsInvalid && !b.IsInvalid && a.Handle == b.Handle);

    /// <summary>Whether a group has a parameter now.</summary>
    public static bool Holds(ParamGroup group, Parameter parameter) => group.Parameters.Any(other => IsSame(other, parameter));

    /// <summary>The group of an optimizer that has a parameter now; null for none.</summary>
    public static ParamGroup? Holder(OptimizerHelper optimizer, Parameter parameter) =>
        TorchSharpInternals.Groups(optimizer).FirstOrDefault(group => Holds(group, parameter));

    /// <summary>Whether a group once had a parameter that has left it.</summary>
    public static bool Remembers(ParamGroup group, Parameter parameter) =>
        Orders.TryGetValue(group, out var known) && known.Exists(other => IsSame(other, parameter)) && !Holds(group, parameter);

    /// <summary>Makes lists of all lazy ones, before the model changes: one as <c>model.parameters().Skip(4)</c> would then show
    /// others.</summary>
    public static void Pin(IEnumerable<OptimizerHelper> optimizers)
    {
        foreach (var group in optimizers.SelectMany(optimizer => TorchSharpInternals.Groups(optimizer)))
            if (group.Parameters is not List<Parameter>)
                group.Parameters = group.Parameters.ToList();
    }

    /// <summary>Takes a parameter out of a group, at each of its places. A lazy list becomes a list of those that stay.</summary>
    public static void Remove(ParamGroup group, Parameter parameter)
    {
        var now = group.Parameters.ToList();
        Orders.AddOrUpdate(group, Merge(group, now));
        group.Parameters = now.Where(other => !IsSame(other, parameter)).ToList();
    }

    /// <summary>Puts a parameter where it stood, or one that never stood there where the model has it.</summary>
    /// <param name="group">The group.</param>
    /// <param name="parameter">The parameter.</param>
    /// <param name="before">The object that it was when it left: another one, where the model was moved to another type or device
    /// since.</param>
    /// <param name="model">The model's parameters in order, this one and those of fixed layers among them.</param>
    public static void Insert(ParamGroup group, Parameter parameter, Parameter before, IReadOnlyList<Parameter> model)
    {
        var now = group.Parameters.ToList();
        if (now.Exists(other => IsSame(other, parameter)))
            return;
        var order = Merge(group, now).ConvertAll(other => IsSame(other, before) ? parameter : other);
        if (!order.Exists(other => IsSame(other, parameter)))
            order.Insert(PlaceIn(order, parameter, model), parameter);
        Orders.AddOrUpdate(group, order);
        group.Parameters = order.Where(other => IsSame(other, parameter) || now.Exists(one => IsSame(one, other))).ToList();
    }

    /// <summary>The parameters of a group now, and between them those that have left.</summary>
    private static List<Parameter> Merge(ParamGroup group, List<Parameter> now)
    {
        var merged = now.ToList();
        if (!Orders.TryGetValue(group, out var known))
            return merged;
        for (var i = 0; i < known.Count; i++)
        {
            if (known[i].IsInvalid || now.Exists(other => IsSame(other, known[i])))
                continue;
            var place = 0;
            for (var j = i - 1; j >= 0 && place == 0; j--)
                place = PlaceOf(known, j, merged) + 1;
            merged.Insert(place, known[i]);
        }

        return merged;
    }

    /// <summary>
    /// Where a list has the parameter at a place of another list: its second place if it is there for the second time; -1 if nowhere.
    /// </summary>
    private static int PlaceOf(List<Parameter> list, int index, List<Parameter> other)
    {
        var times = list.Take(index + 1).Count(parameter => IsSame(parameter, list[index]));
        var places = Enumerable.Range(0, other.Count).Where(place => IsSame(other[place], list[index])).ToList();
        return places.Count == 0 ? -1 : places[Math.Min(times, places.Count) - 1];
    }

    private static int PlaceIn(List<Parameter> order, Parameter parameter, IReadOnlyList<Parameter> model)
    {
        var index = model.ToList().FindIndex(other => IsSame(other, parameter));
        for (var i = index - 1; i >= 0; i--)
            if (order.FindLastIndex(other => IsSame(other, model[i])) is var place and >= 0)
                return place + 1;
        for (var i = index + 1; i < model.Count; i++)
            if (order.FindIndex(other => IsSame(other, model[i])) is var place and >= 0)
                return place;
        return order.Count;
    }
}
