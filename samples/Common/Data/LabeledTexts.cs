using System.Text;

namespace EtfNet.Samples;

/// <summary>Texts with a label each, in a file of <c>label&lt;TAB&gt;text</c> lines in UTF-8. As data they are bytes.</summary>
internal static class LabeledTexts
{
    /// <summary>The token behind the end of a text. Bytes 0 to 255 are tokens 1 to 256.</summary>
    public const int Padding = 0;

    public const int TokenCount = 257;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads lines to the end of the stream; empty ones are left out.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <param name="length">How many bytes of a text are read; a longer one is cut at the end of a character.</param>
    /// <returns>The texts as tokens (count, length) in int64.</returns>
    /// <exception cref="SampleException">A line is not UTF-8, has no tab, or an empty label or text; or there is no line.</exception>
    public static LabeledRows Read(Stream stream, string name, int length)
    {
        using var reader = new StreamReader(stream, s_strict);
        var (labels, tokens) = (new List<string>(), new List<long>());
        for (var number = 1; Line(number) is { } line; number++)
        {
            if (line.Length == 0)
                continue;
            if (line.Split('\t', 2, StringSplitOptions.TrimEntries) is not [{ Length: > 0 } label, { Length: > 0 } text])
                throw new SampleException($"{name}, line {number}: no tab, or nothing before or behind it; give label<TAB>text.");
            labels.Add(label);
            tokens.AddRange(Tokens(Encoding.UTF8.GetBytes(text)));
        }

        return labels.Count > 0 ? new LabeledRows(labels, tensor(tokens.ToArray(), [labels.Count, length]))
            : throw new SampleException($"{name} holds no line; give label<TAB>text lines.");

        string? Line(int number) =>
            Check.Explained(reader.ReadLine, _ => $"{name}, in or soon behind line {number}: not UTF-8; convert the file to UTF-8.");

        IEnumerable<long> Tokens(byte[] bytes)
        {
            var end = Math.Min(bytes.Length, length);
            while (end < bytes.Length && end > 0 && (bytes[end] & 0xC0) == 0x80)
                end--;
            return bytes.Take(end).Select(one => one + 1L).Concat(Enumerable.Repeat((long)Padding, length - end));
        }
    }
}
