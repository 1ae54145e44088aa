namespace EtfNet;

/// <summary>A declared state with conditions that its declaration cannot give.</summary>
internal interface ICheckedState
{
    /// <summary>Looks at values that were read, before they are taken. Of the state itself, only what it was made
    /// with may be looked at.</summary>
    /// <returns>What is wrong; null: nothing.</returns>
    string? Problem(StateValues values);
}
