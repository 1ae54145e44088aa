using System.Text;

namespace EtfNet.Samples;

/// <summary>Texts with a label each, from a file of <c>label&lt;TAB&gt;text</c> lines in UTF-8. As data they are bytes.</summary>
public sealed record LabeledTexts(IReadOnlyList<string> Labels, IReadOnlyList<string> Texts)
{
    /// <summary>The token behind the end of a text. Bytes 0 to 255 are tokens 1 to 256.</summary>
    internal const int Padding = 0;

    internal const int TokenCount = 257;

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads lines to the end of the stream; empty ones are left out.</summary>
    /// <exception cref="SampleException">A line is not UTF-8, has no tab, or an empty label or text; or there is no line.</exception>
    public static LabeledTexts Read(Stream stream, string name)
    {
        using var reader = new StreamReader(stream, s_strict);
        var (labels, texts) = (new List<string>(), new List<string>());
        for (var number = 1; Line(number) is { } line; number++)
        {
            var parts = line.Split('\t', 2, StringSplitOptions.TrimEntries);
            if (line.Length > 0 && (parts.Length < 2 || parts.Contains("")))
                throw new SampleException($"{name}, line {number}: no tab, or nothing before or behind it; give label<TAB>text.");
            labels.AddRange(parts.Take(parts.Length - 1));
            texts.AddRange(parts.Skip(1));
        }

        return texts.Count > 0 ? new LabeledTexts(labels, texts)
            : throw new SampleException($"{name} holds no line; give label<TAB>text lines.");

        string? Line(int number) =>
            Check.Explained(reader.ReadLine, _ => $"{name}, in or soon behind line {number}: not UTF-8; convert the file to UTF-8.");
    }

    /// <summary>The sentences of the Universal Declaration of Human Rights in 64 languages that come with the samples.</summary>
    internal static DataSet Embedded(Func<Stream, string, LabeledRows> read)
    {
        var data = LabeledRows.Load("udhr/train.tsv.gz", "udhr/test.tsv.gz", Files.Embedded, read);
        return data with { Description = "Universal Declaration of Human Rights" };
    }

    /// <summary>The bytes as data.</summary>
    internal LabeledRows Rows(int length) => new(Labels, Tokens(length));

    /// <summary>The bytes as tokens (count, length) in int64; a longer text is cut at the end of a character.</summary>
    internal Tensor Tokens(int length)
    {
        var tokens = new long[Texts.Count * (long)length];
        foreach (var (i, text) in Texts.Index())
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var end = Math.Min(bytes.Length, length);
            while (end < bytes.Length && end > 0 && (bytes[end] & 0xC0) == 0x80)
                end--;
            for (var j = 0; j < end; j++)
                tokens[(i * (long)length) + j] = bytes[j] + 1;
        }

        return tensor(tokens, [Texts.Count, length]);
    }
}
