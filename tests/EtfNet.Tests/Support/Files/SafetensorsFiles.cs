namespace EtfNet.Tests.Support;

/// <summary>Small files of this library.</summary>
internal static class SafetensorsFiles
{
    /// <summary>Four tensors of different types and a text.</summary>
    public static byte[] Small()
    {
        var state = new StateSet("toy");
        state.Add("plan", "{\"a\":1}");
        state.Add("layers.fc1.count", new RowTensor<long>([3], [[1, 2, 3]]));
        state.Add("scale", new RowTensor<double>([], [[0.5]]));
        state.Add("flags", new RowTensor<bool>([3], [[true, false, true]]));
        state.Add("none", new RowTensor<float>([0, 2], []));
        return SafetensorsBytes.Write(state);
    }
}
