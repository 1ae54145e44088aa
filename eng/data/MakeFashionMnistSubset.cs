// Makes the embedded subset from the four files of Fashion-MNIST (the folder of Debian's package dataset-fashion-mnist, or a download):
//   dotnet run eng/data/MakeFashionMnistSubset.cs -- SOURCE TARGET
// Takes the first 1,000 training and 200 test images of each class, in the order of the source, so that anyone gets the same images.
#:project ../../samples/Common/EtfNet.Samples.Common.csproj
using System.IO.Compression;
using System.Net;
using EtfNet.Samples;

if (args is not [var source, var target])
{
    Console.Error.WriteLine("Give two folders: the one with the four idx.gz files and the one to write the subset to.");
    return 2;
}

Directory.CreateDirectory(target);
foreach (var (set, perClass) in new[] { ("train", 1000), ("t10k", 200) })
{
    var (images, labels) = (Read($"{set}-images-idx3-ubyte.gz", 3), Read($"{set}-labels-idx1-ubyte.gz", 1));
    var chosen = labels.Values.Index().GroupBy(label => label.Item).SelectMany(group => group.Take(perClass)).Order().ToList();
    var pixels = images.Values.Chunk(images.Sizes[1] * images.Sizes[2]).ToList();
    Write($"{set}-images-idx3-ubyte.gz", [chosen.Count, .. images.Sizes.Skip(1)], chosen.SelectMany(label => pixels[label.Index]));
    Write($"{set}-labels-idx1-ubyte.gz", [chosen.Count], chosen.Select(label => label.Item));
    Console.WriteLine($"{set}: {chosen.Count} images, {perClass} of each class");
}

return 0;

IdxFile Read(string file, int dimensions) => IdxFile.Read(File.OpenRead(Path.Combine(source, file)), file, dimensions);

void Write(string file, IReadOnlyList<int> sizes, IEnumerable<byte> values)
{
    using var stream = new GZipStream(File.Create(Path.Combine(target, file)), CompressionLevel.SmallestSize);
    foreach (var number in sizes.Prepend(0x0800 | sizes.Count))
        stream.Write(BitConverter.GetBytes(IPAddress.HostToNetworkOrder(number)));
    stream.Write([.. values]);
}
