// Makes the embedded subset from the four files of Fashion-MNIST (the folder of Debian's package dataset-fashion-mnist, or a download):
//   dotnet run samples/data/MakeFashionMnistSubset.cs -- SOURCE TARGET
// Takes the first 1,000 training and 200 test images of each class, in the order of the source, so that anyone gets the same images.
using System.Buffers.Binary;
using System.IO.Compression;

if (args is not [var source, var target])
{
    Console.Error.WriteLine("Give two folders: the one with the four idx.gz files and the one to write the subset to.");
    return 2;
}

Directory.CreateDirectory(target);
Take("train", perClass: 1000);
Take("t10k", perClass: 200);
return 0;

void Take(string set, int perClass)
{
    var (imageHeader, pixels) = Read($"{set}-images-idx3-ubyte.gz", headerBytes: 16);
    var (labelHeader, labels) = Read($"{set}-labels-idx1-ubyte.gz", headerBytes: 8);
    var imageBytes = pixels.Length / labels.Length;
    var taken = new int[10];
    var chosen = Enumerable.Range(0, labels.Length).Where(i => taken[labels[i]]++ < perClass).ToArray();
    BinaryPrimitives.WriteInt32BigEndian(imageHeader.AsSpan(4), chosen.Length);
    BinaryPrimitives.WriteInt32BigEndian(labelHeader.AsSpan(4), chosen.Length);
    Write($"{set}-images-idx3-ubyte.gz", imageHeader, chosen.SelectMany(i => pixels.AsSpan(i * imageBytes, imageBytes).ToArray()));
    Write($"{set}-labels-idx1-ubyte.gz", labelHeader, chosen.Select(i => labels[i]));
    Console.WriteLine($"{set}: {chosen.Length} images, {perClass} of each class");
}

(byte[] Header, byte[] Body) Read(string file, int headerBytes)
{
    using var stream = new GZipStream(File.OpenRead(Path.Combine(source, file)), CompressionMode.Decompress);
    using var memory = new MemoryStream();
    stream.CopyTo(memory);
    var all = memory.ToArray();
    return (all[..headerBytes], all[headerBytes..]);
}

void Write(string file, byte[] header, IEnumerable<byte> body)
{
    using var stream = new GZipStream(File.Create(Path.Combine(target, file)), CompressionLevel.SmallestSize);
    stream.Write([.. header, .. body]);
}
