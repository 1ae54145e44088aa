using System.Text;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Texts as bytes of UTF-8: any text in any script, without a vocabulary to build.</summary>
public static class ByteTokens
{
    /// <summary>The token of no byte, behind the end of a text.</summary>
    public const int Padding = 0;

    /// <summary>Bytes 0 to 255 are tokens 1 to 256.</summary>
    public const int Count = 257;

    /// <summary>Makes a set of inputs (count, length) in int64.</summary>
    /// <param name="texts">The texts; what is longer than <paramref name="length"/> bytes is cut, at the end of a character.</param>
    /// <param name="classes">The labels, sorted; their places are the class indices.</param>
    /// <param name="length">Tokens a text.</param>
    /// <param name="device">Where to put it.</param>
    public static TensorSet Encode(LabeledTexts texts, IReadOnlyList<string> classes, int length, Device device)
    {
        var index = classes.Index().ToDictionary(entry => entry.Item, entry => (long)entry.Index);
        var tokens = new long[texts.Count * (long)length];
        for (var i = 0; i < texts.Count; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(texts.Texts[i]);
            for (var j = 0; j < Cut(bytes, length); j++)
                tokens[(i * (long)length) + j] = bytes[j] + 1;
        }

        using var scope = NewDisposeScope();
        return new TensorSet(
            tensor(tokens, new long[] { texts.Count, length }).to(device).MoveToOuterDisposeScope(),
            tensor(texts.Labels.Select(label => index[label]).ToArray()).to(device).MoveToOuterDisposeScope());
    }

    /// <summary>Where a text of at most so many bytes ends without cutting a character in two.</summary>
    private static int Cut(byte[] bytes, int length)
    {
        if (bytes.Length <= length)
            return bytes.Length;
        var end = length;
        while (end > 0 && (bytes[end] & 0xC0) == 0x80)
            end--;
        return end > 0 ? end : length;
    }
}
