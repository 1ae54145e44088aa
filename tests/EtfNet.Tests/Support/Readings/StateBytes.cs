namespace EtfNet.Tests.Support;

/// <summary>Optimizer state as the bytes in which TorchSharp writes it, for comparison.</summary>
internal static class StateBytes
{
    public static byte[] Write(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }
}
