namespace EtfNet.Samples;

/// <summary>Reads Fashion-MNIST, or other images of ten classes in the same four idx.gz files.</summary>
public static class FashionMnist
{
    internal const string FolderVariable = "FASHION_MNIST_DIR";
    internal const string FirstFile = "train-images-idx3-ubyte.gz";
    private const string DebianFolder = "/usr/share/datasets/fashion-mnist";

    private static readonly string[] s_classes =
        ["t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"];

    /// <summary>The subset that comes with the samples: 10,000 training and 2,000 test images.</summary>
    public static DataSet Embedded() => Read("Fashion-MNIST, embedded subset", Files.Own("fashion-mnist"));

    /// <summary>All 70,000 images, from the folder that FASHION_MNIST_DIR names, or Debian's.</summary>
    public static DataSet Full()
    {
        var folder = Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named ? named : DebianFolder;
        return Directory.Exists(folder) ? FromFolder("Fashion-MNIST, full", folder) : throw new SampleException(
            $"--data full: there is no folder {folder}; install Debian's dataset-fashion-mnist, or set {FolderVariable} to a folder with "
            + "the four idx.gz files of https://github.com/zalandoresearch/fashion-mnist, or use --data embedded.");
    }

    public static DataSet FromFolder(string what, string folder) => Read($"{what}, {folder}", folder);

    private static DataSet Read(string what, string folder)
    {
        var (train, test) = (Set("train"), Set("t10k"));
        var (size, testSize) = (Size(train), Size(test));
        return size == testSize ? new DataSet(what, train, test, s_classes) : throw new SampleException(
            $"{what}: training images of {size} but test images of {testSize}; they must be of one size.");

        TensorSet Set(string set)
        {
            var (images, labels) = (Content($"{set}-images-idx3-ubyte.gz", 3), Content($"{set}-labels-idx1-ubyte.gz", 1));
            return images.shape[0] == labels.shape[0]
                ? TensorSet.OfImages(images.unsqueeze(1), labels, s_classes.Length, $"{set}-labels-idx1-ubyte.gz")
                : throw new SampleException($"{set}: {images.shape[0]} images but {labels.shape[0]} labels; the files are not of one set.");
        }

        Tensor Content(string file, int dimensions) => IdxFile.Read(Files.Read(Path.Combine(folder, file)), file, dimensions).ToTensor();

        static string Size(TensorSet set) => string.Join(" x ", set.Inputs.shape[2..]);
    }
}
