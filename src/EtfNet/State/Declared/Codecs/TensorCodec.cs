using static TorchSharp.torch;

namespace EtfNet;

/// <summary>TorchSharp tensors: filled in their place where there is one, otherwise made anew on the CPU, the owner's own.</summary>
internal sealed class TensorCodec : StateCodec
{
    public override bool CanMerge(MergeRule rule) =>
        rule is MergeRule.Keep or MergeRule.Same or MergeRule.Sum or MergeRule.First or MergeRule.ByType;

    public override void Capture(StateSet to, string name, object value, IReadOnlyList<long?>? dimensions) =>
        to.Add(name, new LiveTensor((Tensor)value));

    public override PendingValue? Read(StateReader from, string name, object? current)
    {
        if (from.FindTensor(name) is not { } saved)
            return null;
        if (saved.Type.Torch is null)
            throw from.State.Error(
                name, $"it is {saved}, for which TorchSharp has no type",
                "Convert the tensor, for example to F32, in the program that wrote the file.");
        if (current is not Tensor target)
            return new PendingValue(saved, () => saved.ToTensor().DetachFromDisposeScope());
        if (!saved.IsLike(TensorType.Of(target.dtype), target.shape))
            throw from.State.Error(
                name, $"it is {saved}; wanted {new LiveTensor(target)}",
                "Build what it is loaded into as it was built when the state was saved, with the same element type.");
        return new PendingValue(saved, () =>
        {
            saved.CopyTo(target);
            return target;
        });
    }

    public override string? MergeProblem(MergeRule rule, string name, object own, object other) =>
        rule == MergeRule.Sum && !((Tensor)own).shape.SequenceEqual(((Tensor)other).shape)
            ? $"{EntryName.Quote(name)} is {Show(other)} there and {Show(own)} here"
            : base.MergeProblem(rule, name, own, other);

    public override object Merge(MergeRule rule, object own, object other, Func<Type, object?>? create)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (rule == MergeRule.Sum)
            ((Tensor)own).add_(((Tensor)other).to(((Tensor)own).device));
        return own;
    }

    public override object Copy(object value, Func<Type, object?>? create) => ((Tensor)value).detach().clone().DetachFromDisposeScope();

    public override object? Reset(object value, Type type)
    {
        using var noGrad = no_grad();
        ((Tensor)value).zero_();
        return value;
    }

    protected override bool AreEqual(object own, object other)
    {
        var (mine, theirs) = (new LiveTensor((Tensor)own), new LiveTensor((Tensor)other));
        return mine.IsLike(theirs.Type, theirs.Shape) && mine.Hold().HasSameBytes(theirs.Hold());
    }

    protected override string Show(object value) => new LiveTensor((Tensor)value).ToString();
}
