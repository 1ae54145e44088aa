using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Layers that somebody listens to and that have not fired, as is so where the model calls them by <c>forward</c>: they get recording
/// stand-ins, once a call of the model has shown that these change nothing.
/// </summary>
/// <remarks>
/// The call waits until labels come: within the model's own call, and before a backward pass, it could change what that pass needs. It is
/// made once per epoch, and again after somebody began to listen.
/// </remarks>
internal sealed class SilentLayers(ForwardObserver observer)
{
    private int _settled;
    private Tensor?[]? _inputs;

    /// <summary>Whether the model is being called to try stand-ins.</summary>
    public bool IsTrying { get; private set; }

    /// <summary>Keeps copies of the inputs of a forward that has ended, where there are such layers; nothing where it cannot be called
    /// again with them.</summary>
    public void Keep(object?[] inputs)
    {
        if (Volatile.Read(ref _settled) == 1 || _inputs is not null)
            return;
        if (Find().TrueForAll(layer => observer.StandIns.ObstacleOf(layer) is not null))
            Volatile.Write(ref _settled, 1);
        else
            _inputs = observer.CanReplay && !inputs.Any(input => input is Tensor { IsInvalid: true })
                ? [.. inputs.Select(input => input is Tensor tensor ? TensorsOf.Copy(tensor) : null)]
                : [];
    }

    /// <summary>Forgets the epoch's inputs, and looks for such layers again.</summary>
    public void NextEpoch()
    {
        Forget();
        LookAgain();
    }

    /// <summary>Looks for such layers again.</summary>
    public void LookAgain() => Volatile.Write(ref _settled, 0);

    /// <summary>Puts stand-ins, tried with the inputs that were kept, if any were.</summary>
    /// <exception cref="InvalidOperationException">No layer was seen, none can be, and a party cannot do without.</exception>
    public void TryKept()
    {
        if (Interlocked.Exchange(ref _inputs, null) is not { } inputs)
            return;
        try
        {
            Try(inputs);
        }
        finally
        {
            Free(inputs);
        }
    }

    /// <summary>Puts stand-ins.</summary>
    /// <param name="inputs">What the model was called with; empty where that is not known, and stand-ins cannot be tried.</param>
    /// <returns>Whether any were put.</returns>
    /// <exception cref="InvalidOperationException">No layer was seen, none can be, and a party cannot do without.</exception>
    public bool Try(object?[] inputs)
    {
        if (Interlocked.Exchange(ref _settled, 1) == 1 || Find() is not { Count: > 0 } silent)
            return false;
        var layers = silent.Where(layer => observer.StandIns.ObstacleOf(layer) is null).ToList();
        var placed = observer.StandIns.Place(layers, () => Outputs(inputs));
        if (silent.Count == observer.Heard().Count && !observer.StandIns.Any && observer.StandIns.Obstacle() is { } obstacle)
            observer.NothingCanBeSeen(obstacle);
        return placed;
    }

    public void Forget() => Free(Interlocked.Exchange(ref _inputs, null) ?? []);

    private List<nn.Module> Find() => [.. observer.Heard().Where(hook => !hook.HasFired).Select(hook => hook.Module)];

    /// <summary>What the model gives in evaluation mode; null where it cannot be called with that, or throws.</summary>
    /// <remarks>What the model keeps of the call in its fields lives as long as what it keeps of others: the user's scope has it.</remarks>
    private OutputCopies? Outputs(object?[] inputs)
    {
        if (!observer.CanReplay || inputs.Length == 0 || inputs.Any(input => input is Tensor { IsInvalid: true }))
            return null;
        using var noGrad = no_grad();
        using var mode = new EvaluationMode(observer.Model);
        IsTrying = true;
        try
        {
            return new OutputCopies(observer.Replay([.. inputs.Select(input => input as Tensor)]));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return null;
        }
        finally
        {
            IsTrying = false;
        }
    }

    private static void Free(Tensor?[] inputs)
    {
        foreach (var input in inputs)
            input?.Dispose();
    }
}
