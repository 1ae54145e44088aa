namespace EtfNet;

/// <summary>A state that is not made of members: a model's tensors, an optimizer's.</summary>
internal interface ICustomState
{
    /// <summary>Adds what is to be saved.</summary>
    /// <param name="to">Takes it.</param>
    /// <param name="name">What all names begin with; <see cref="EntryName.Join"/> appends to it.</param>
    void Capture(StateSet to, string name);

    /// <summary>Checks what was saved, changes nothing, and hands every change to <see cref="StateReader.Later"/>.</summary>
    /// <exception cref="EtfStateException">It does not fit.</exception>
    void Read(StateReader from, string name);
}
