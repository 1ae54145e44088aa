namespace EtfNet.Tests.State;

/// <summary>The program that the crash test kills: it saves one state after the other, each with one value in all its bytes.</summary>
internal static class SaveLoop
{
    public const string Name = "save-loop";

    public static int Run(string path)
    {
        for (var value = 1; ; value = (value % 250) + 1)
            SafetensorsWriter.Write(path, State((byte)value));
    }

    /// <summary>A megabyte of one value; needs no native library.</summary>
    public static StateSet State(byte value)
    {
        var bytes = new byte[1 << 20];
        Array.Fill(bytes, value);
        var state = new StateSet("bytes");
        state.Add("w", new RowTensor<byte>([bytes.Length], [bytes]));
        return state;
    }
}
