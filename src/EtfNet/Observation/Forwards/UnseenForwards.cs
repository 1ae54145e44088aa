namespace EtfNet;

/// <summary>Says why no forward was seen.</summary>
internal static class UnseenForwards
{
    /// <summary>The error where no forward waits for labels.</summary>
    public static InvalidOperationException NoneWaits(ForwardObserver observer)
    {
        if (observer.MissingHooks() is { Count: > 0 } missing)
            return new InvalidOperationException(
                $"No forward waits for labels: EtfNet's hooks on {string.Join(", ", missing)} were removed. Dispose the monitor or "
                + "scheduler and attach it again.");
        return observer.StandIns.Obstacle() is { } obstacle
            ? Because(obstacle)
            : new InvalidOperationException(
                "No forward waits for labels. Call the model with call(), in training mode and with gradients enabled, before Observe, and "
                + "observe each forward once. Pass features that no hook sees, such as those of layers called by forward(), to "
                + "Observe(layer, features, labels).");
    }

    /// <summary>The error where an obstacle hides all layers.</summary>
    public static InvalidOperationException Because(string obstacle) => new(
        $"No forward of a layer can be seen: {obstacle} Features can also be passed to Observe(layer, features, labels).");
}
