namespace EtfNet.Samples;

/// <summary>Reads CIFAR-10 or CIFAR-100 in their official binary form: per image one label (CIFAR-100: coarse and fine), then 32 x 32 bytes
/// of red, of green and of blue.</summary>
public static class CifarImages
{
    internal const string FirstFile10 = "data_batch_1.bin";
    internal const string FirstFile100 = "train.bin";
    private const int Side = 32;
    private const int ImageBytes = 3 * Side * Side;

    /// <param name="folder">The folder with <c>data_batch_1.bin</c> to <c>data_batch_5.bin</c> and <c>test_batch.bin</c>, or with
    /// <c>train.bin</c> and <c>test.bin</c>.</param>
    /// <exception cref="SampleException">A file is missing, cut short or of a wrong size, or has a label out of range.</exception>
    public static DataSet FromFolder(string folder)
    {
        var is10 = File.Exists(Path.Combine(folder, FirstFile10));
        var files = is10 ? Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin").ToArray() : [FirstFile100];
        var (testFile, labelBytes, classes) = is10 ? ("test_batch.bin", 1, 10) : ("test.bin", 2, 100);
        var (test, train) = (Content(testFile), new MemoryStream());
        foreach (var file in files)
        {
            var content = Content(file);
            // Published are 50,000 and 10,000 images: a file that was cut between two images has too few beside the others.
            if (content.Length * files.Length != 5 * test.Length)
                throw new SampleException($"{file} has {content.Length} bytes but {testFile} {test.Length}, not "
                    + $"{(is10 ? "as many" : "a fifth of them")}; get both files again.");
            train.Write(content);
        }

        return new DataSet($"CIFAR-{classes}, {folder}", Read(train.ToArray(), string.Join(", ", files), labelBytes, classes),
            Read(test, testFile, labelBytes, classes), [.. Enumerable.Range(0, classes).Select(i => $"{i}")]);

        byte[] Content(string file) =>
            Check.Explained(() => File.ReadAllBytes(Path.Combine(folder, file)), why => $"{file}: {why}; get the file again.");
    }

    /// <summary>Turns a file's bytes into images.</summary>
    internal static TensorSet Read(byte[] bytes, string name, int labelBytes, int classes)
    {
        var size = labelBytes + ImageBytes;
        if (bytes.Length == 0 || bytes.Length % size != 0)
            throw new SampleException($"{name}: {bytes.Length} bytes are no whole number of images of {size}; get the file again.");
        using var rows = tensor(bytes, [bytes.Length / size, size], ScalarType.Byte);
        var pixels = rows.narrow(1, labelBytes, ImageBytes).reshape(-1, 3, Side, Side);
        return TensorSet.OfImages(pixels, rows.select(1, labelBytes - 1), classes, name);
    }
}
