namespace EtfNet;

/// <summary>Arrays of numbers, and arrays of such arrays of one length: tensors.</summary>
internal abstract class ArrayCodec : StateCodec
{
    /// <param name="element">The type of the elements: a number, or an array of numbers.</param>
    public static StateCodec For(Type element) => element.IsArray
        ? (StateCodec)Activator.CreateInstance(typeof(RowsCodec<>).MakeGenericType(element.GetElementType()!))!
        : (StateCodec)Activator.CreateInstance(typeof(FlatCodec<>).MakeGenericType(element))!;

    public override object? Reset(object value, Type type)
    {
        Array.Clear((Array)value);
        return value;
    }

    public override object Copy(object value, Func<Type, object?>? create) => ((Array)value).Clone();

    /// <summary>The tensor of a name, if its elements are of a type and it has a number of dimensions; null where there is none.</summary>
    /// <param name="from">What was saved.</param>
    /// <param name="name">Its name.</param>
    /// <param name="element">The type of the elements.</param>
    /// <param name="rank">The number of dimensions; null: any.</param>
    /// <param name="most">The most bytes.</param>
    protected static HeldTensor? Find(StateReader from, string name, Type element, int? rank, long most = long.MaxValue)
    {
        if (from.FindTensor(name) is not { } tensor)
            return null;
        if (tensor.Type.Managed != element)
            throw from.Wrong(name, $"it is {tensor}; wanted {TensorType.Of(element)}");
        if (rank is { } wanted && tensor.Shape.Count != wanted)
            throw from.Wrong(name, $"it is {tensor}; wanted {Words.Count(wanted, "dimension")}");
        return tensor.ByteCount <= most ? tensor
            : throw from.Wrong(name, $"it takes {tensor.ByteCount} bytes, more than one array can hold");
    }
}
