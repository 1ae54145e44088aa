namespace EtfNet;

/// <summary>What a collective call does.</summary>
internal enum CallKind : byte
{
    SumOfFloats,
    SumOfDoubles,
    Broadcast,
    Barrier,
    Leave,
}
