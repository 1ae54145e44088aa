using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Optimizer state as the bytes in which TorchSharp writes it; read on trial before it is read for good.</summary>
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

    public static void Read(byte[] bytes, Action<BinaryReader> read)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        read(reader);
        if (reader.BaseStream.Position != bytes.Length)
            throw new InvalidDataException($"{bytes.Length - reader.BaseStream.Position} bytes are left over");
    }

    /// <summary>Why a group's options cannot be read; null where they can. Nothing is changed.</summary>
    public static string? Problem(byte[] bytes, OptimizerOptions like) =>
        Problem(() => Read(bytes, ((OptimizerOptions)Activator.CreateInstance(like.GetType())!).LoadStateDict));

    /// <summary>Why a parameter's state cannot be read; null where it can. Nothing is changed.</summary>
    /// <param name="bytes">The state.</param>
    /// <param name="optimizer">The optimizer that will take it.</param>
    /// <param name="group">The group that the parameter is in.</param>
    /// <param name="shape">The parameter's shape.</param>
    /// <param name="dtype">The parameter's type.</param>
    public static string? Problem(byte[] bytes, OptimizerHelper optimizer, ParamGroup group, long[] shape, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        var state = OptimizerStates.Create(optimizer, group, new Parameter(zeros(shape, dtype)));
        try
        {
            if (Problem(() => Read(bytes, state.LoadStateDict)) is { } problem)
                return problem;
            var other = OptimizerStates.TensorsOf(state).FirstOrDefault(one => one.dtype != dtype || !one.shape.SequenceEqual(shape));
            return other is null ? null
                : $"it is of {other.dtype} ({string.Join(", ", other.shape)}), the parameter of {dtype} ({string.Join(", ", shape)})";
        }
        finally
        {
            OptimizerStates.Keep(state);
            (state as IDisposable)?.Dispose();
        }
    }

    private static string? Problem(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or InvalidDataException or FormatException
            or InvalidOperationException or OverflowException or NotSupportedException or NotImplementedException)
        {
            return exception.Message;
        }
    }
}
