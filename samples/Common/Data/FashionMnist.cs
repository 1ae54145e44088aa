using System.CommandLine;

namespace EtfNet.Samples;

/// <summary>Finds and reads Fashion-MNIST, or any data set in the same four idx.gz files.</summary>
public static class FashionMnist
{
    public const string Embedded = "embedded";
    public const string Full = "full";
    public const int ClassCount = 10;

    internal const string FolderVariable = "FASHION_MNIST_DIR";
    private const string DebianFolder = "/usr/share/datasets/fashion-mnist";
    private const string HowToGet =
        "get the four idx.gz files from https://github.com/zalandoresearch/fashion-mnist (or Debian's package dataset-fashion-mnist)";

    /// <summary>The option that names the data to load.</summary>
    public static Option<string> DataOption() => OptionFactory.Text(
        "--data", "embedded, full, or a folder with the four idx.gz files", "embedded, full or a folder", Embedded);

    /// <summary>Loads the images that <paramref name="choice"/> names: <c>embedded</c>, <c>full</c> or a folder of the four files.</summary>
    /// <exception cref="SampleException">There is no such data, or a file of it is damaged.</exception>
    public static ImageData Load(string choice) => choice switch
    {
        Embedded => Read("Fashion-MNIST, embedded subset", OpenResource),
        Full => FromFolder("Fashion-MNIST, full", FullFolder()),
        _ => FromFolder("images", choice),
    };

    private static string FullFolder()
    {
        var named = Environment.GetEnvironmentVariable(FolderVariable);
        if (!string.IsNullOrWhiteSpace(named))
        {
            return Directory.Exists(named)
                ? named
                : throw new SampleException($"--data full: {FolderVariable} names {named}, which is no folder; correct it, or {HowToGet}.");
        }

        return Directory.Exists(DebianFolder)
            ? DebianFolder
            : throw new SampleException(
                $"--data full: no {DebianFolder} and {FolderVariable} is not set; {HowToGet} and set {FolderVariable}, or use --data embedded.");
    }

    private static ImageData FromFolder(string what, string folder)
    {
        if (!Directory.Exists(folder))
            throw new SampleException($"--data {folder}: no such folder; give embedded, full or a folder with the four idx.gz files.");
        return Read($"{what}, {folder}", file => OpenFile(folder, file));
    }

    private static ImageData Read(string what, Func<string, Stream> open)
    {
        var train = ReadSet("train", open);
        var test = ReadSet("t10k", open);
        if ((train.Height, train.Width) != (test.Height, test.Width))
        {
            throw new SampleException(
                $"{what}: training images of {train.Height} x {train.Width} but test images of {test.Height} x {test.Width}; they must be of one size.");
        }

        return new ImageData($"{what} ({train.Count:N0} training, {test.Count:N0} test images)", train, test, ClassCount);
    }

    private static LabeledImages ReadSet(string set, Func<string, Stream> open)
    {
        var (imageFile, labelFile) = ($"{set}-images-idx3-ubyte.gz", $"{set}-labels-idx1-ubyte.gz");
        var images = ReadFile(imageFile, dimensions: 3, open);
        var labels = ReadFile(labelFile, dimensions: 1, open);
        if (images.Count != labels.Count)
            throw new SampleException($"{imageFile} holds {images.Count:N0} images but {labelFile} {labels.Count:N0} labels; they are not of one set.");
        var wrong = Array.FindIndex(labels.Values, label => label >= ClassCount);
        if (wrong >= 0)
            throw new SampleException($"{labelFile}: label {labels.Values[wrong]} at position {wrong}; labels are 0 to {ClassCount - 1}.");
        return new LabeledImages(images.Values, labels.Values, images.Sizes[1], images.Sizes[2]);
    }

    private static IdxFile ReadFile(string file, int dimensions, Func<string, Stream> open)
    {
        using var stream = open(file);
        return IdxFile.Read(stream, file, dimensions);
    }

    private static Stream OpenResource(string file) =>
        typeof(FashionMnist).Assembly.GetManifestResourceStream($"fashion-mnist/{file}") ?? throw new InvalidOperationException($"{file} is not embedded.");

    private static FileStream OpenFile(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SampleException($"{folder} has no {file}; {HowToGet}, or use --data embedded.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SampleException($"{path} cannot be read ({error.Message.TrimEnd('.')}); check its permissions.", error);
        }
    }
}
