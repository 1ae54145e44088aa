using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Samples ready for training: inputs (count, features...) in float32 and class indices (count) in int64, on one device.</summary>
public sealed class TensorSet(Tensor inputs, Tensor labels) : IDisposable
{
    public Tensor Inputs { get; } = inputs;

    public Tensor Labels { get; } = labels;

    public long Count => Labels.shape[0];

    /// <summary>
    /// Turns images into flat inputs (count, pixels), with the mean and standard deviation of all <em>training</em> pixels taken out of both sets.
    /// </summary>
    public static (TensorSet Train, TensorSet Test) Standardize(ImageData data, Device device)
    {
        using var scope = NewDisposeScope();
        var pixels = Flat(data.Train);
        var (std, mean) = std_mean(pixels, unbiased: false);
        return (Make(data.Train, pixels), Make(data.Test, Flat(data.Test)));

        TensorSet Make(LabeledImages images, Tensor flat)
        {
            flat.sub_(mean).div_(std);
            var labels = tensor(images.Labels, dtype: ScalarType.Byte).to(ScalarType.Int64);
            return new TensorSet(flat.to(device).MoveToOuterDisposeScope(), labels.to(device).MoveToOuterDisposeScope());
        }
    }

    public void Dispose()
    {
        Inputs.Dispose();
        Labels.Dispose();
    }

    private static Tensor Flat(LabeledImages images) =>
        tensor(images.Pixels, new long[] { images.Count, images.PixelsPerImage }, dtype: ScalarType.Byte).to(ScalarType.Float32);
}
