using static TorchSharp.torch;

namespace EtfNet;

/// <summary>The calibration sample, of which each rank keeps its share.</summary>
internal static class RankSample
{
    /// <summary>Brings the shares of all ranks to rank 0; all ranks call it.</summary>
    /// <returns>On rank 0 those of the others, on the others nothing.</returns>
    public static List<IReadOnlyList<(Tensor?[] Inputs, Tensor? Labels)>> Exchange(ICollective group, InputSample inputs)
    {
        const string What = "calibration sample";
        var others = new List<IReadOnlyList<(Tensor?[] Inputs, Tensor? Labels)>>();
        for (var rank = 1; rank < group.Size; rank++)
            if (rank == group.Rank)
                RankBroadcast.Send(group, stream => SafetensorsWriter.Write(stream, SampleState.Capture(inputs.Batches)), What);
            else if (group.Rank == 0)
                others.Add(SampleState.Read(
                    RankBroadcast.Receive(group, rank, stream => SafetensorsReader.Read(stream), What),
                    inputs.Batches[0].Inputs[0]!.device));
            else
                RankBroadcast.Receive(group, rank, _ => true, What);
        return others;
    }
}
