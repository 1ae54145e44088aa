namespace EtfNet;

/// <summary>A declared state with conditions that its declaration cannot give.</summary>
internal interface ICheckedState
{
    /// <summary>Looks at values that were read, before they are taken. The state itself may not be looked at.</summary>
    /// <returns>What is wrong; null: nothing.</returns>
    string? Problem(StateValues values);
}
