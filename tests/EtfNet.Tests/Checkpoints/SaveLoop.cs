using TorchSharp;

namespace EtfNet.Tests.Checkpoints;

/// <summary>The program that the crash test kills: it saves one checkpoint after the other, each with one value in all its bytes.</summary>
internal static class SaveLoop
{
    public const string Name = "save-loop";

    public static int Run(string path)
    {
        for (var value = 1; ; value = (value % 250) + 1)
            CheckpointFile.Write(path, State((byte)value));
    }

    /// <summary>A megabyte of one value; needs no native library.</summary>
    public static TrainingState State(byte value)
    {
        var bytes = new byte[1 << 20];
        Array.Fill(bytes, value);
        return new TrainingState([], [new TensorMemory("w", torch.ScalarType.Byte, [bytes.Length], bytes)], [], null);
    }
}
