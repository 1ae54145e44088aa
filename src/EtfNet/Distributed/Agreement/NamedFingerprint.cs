namespace EtfNet;

/// <summary>A named thing that must be the same on all ranks, reduced to 64 bits.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">What stands for it.</param>
/// <param name="Form">Its dtype and shape, or whatever else a message says about it; part of what must be the same.</param>
internal sealed record NamedFingerprint(string Name, ulong Value, string Form = "")
{
    public void Write(BinaryWriter writer)
    {
        writer.Write(Name);
        writer.Write(Value);
        writer.Write(Form);
    }

    public static NamedFingerprint Read(BinaryReader reader) => new(reader.ReadString(), reader.ReadUInt64(), reader.ReadString());
}
