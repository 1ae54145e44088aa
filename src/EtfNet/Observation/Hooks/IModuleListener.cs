namespace EtfNet;

/// <summary>Takes what a module gave in a forward.</summary>
internal interface IModuleListener
{
    /// <summary>Whether it only accompanies others: it opens no forward, and need not be called.</summary>
    bool IsAside => false;

    /// <param name="forward">The forward.</param>
    /// <param name="input">The module's first input.</param>
    /// <param name="result">Its result.</param>
    void Fired(Forward forward, object? input, object? result);
}
