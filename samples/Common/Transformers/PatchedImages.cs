namespace EtfNet.Samples;

/// <summary>Images as data for a transformer.</summary>
public static class PatchedImages
{
    /// <summary>Gets the regime in which they are learned.</summary>
    public static TrainingRecipe Recipe => new()
    {
        Optimizer = OptimizerKind.AdamW,
        Epochs = 8,
        BatchSize = 128,
        LearningRate = 2e-3,
        WeightDecay = 0.05,
    };

    /// <summary>Cuts images into square patches.</summary>
    /// <param name="images">The images.</param>
    /// <param name="train">They as tensors.</param>
    /// <param name="test">The test images as tensors.</param>
    /// <param name="patch">A patch's side in pixels.</param>
    /// <exception cref="SampleException">The images cannot be cut into such patches.</exception>
    public static TransformerData Cut(ImageData images, TensorSet train, TensorSet test, int patch)
    {
        ArgumentNullException.ThrowIfNull(images);
        var (height, width) = (images.Train.Height, images.Train.Width);
        if (height % patch != 0 || width % patch != 0)
            throw new SampleException($"--patch {patch} does not divide images of {height} x {width}; give a side that divides both.");
        return new TransformerData(images.Description, train, test, images.ClassCount, height / patch * (width / patch), size => new PatchEmbedding(height, width, patch, size));
    }
}
