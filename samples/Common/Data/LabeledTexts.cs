using System.Text;

namespace EtfNet.Samples;

/// <summary>Texts with a label each: a file of <c>label&lt;TAB&gt;text</c> lines in UTF-8.</summary>
/// <param name="Labels">Each text's label.</param>
/// <param name="Texts">The texts.</param>
/// <param name="Lines">The line of the file that each is on, from 1.</param>
public sealed record LabeledTexts(IReadOnlyList<string> Labels, IReadOnlyList<string> Texts, IReadOnlyList<int> Lines)
{
    private const byte Tab = (byte)'\t';
    private const byte LineFeed = (byte)'\n';

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public int Count => Texts.Count;

    /// <summary>Reads lines to the end of the stream; empty ones are left out, carriage returns and a byte order mark are no part of a text.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="SampleException">A line is not UTF-8, has no tab, or an empty label or text; or there is no line at all.</exception>
    public static LabeledTexts Read(Stream stream, string name)
    {
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        var (labels, texts, lines) = (new List<string>(), new List<string>(), new List<int>());
        ReadOnlySpan<byte> rest = memory.GetBuffer().AsSpan(0, (int)memory.Length);
        if (rest.StartsWith(Encoding.UTF8.Preamble))
            rest = rest[Encoding.UTF8.Preamble.Length..];
        for (var number = 1; rest.Length > 0; number++)
        {
            var end = rest.IndexOf(LineFeed);
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            line = line.TrimEnd((byte)'\r');
            if (line.IsEmpty)
                continue;
            var tab = line.IndexOf(Tab);
            if (tab < 0)
                throw new SampleException($"{name}, line {number}: no tab; give label<TAB>text.");
            var (label, text) = (Decode(line[..tab], name, number), Decode(line[(tab + 1)..], name, number));
            if (label.Length == 0 || text.Length == 0)
                throw new SampleException($"{name}, line {number}: the {(label.Length == 0 ? "label" : "text")} is empty; give label<TAB>text.");
            labels.Add(label);
            texts.Add(text);
            lines.Add(number);
        }

        return texts.Count > 0 ? new LabeledTexts(labels, texts, lines) : throw new SampleException($"{name} holds no line; give label<TAB>text lines.");
    }

    /// <summary>Those texts that a condition on their index chooses.</summary>
    public LabeledTexts Where(Func<int, bool> isChosen)
    {
        var chosen = Enumerable.Range(0, Count).Where(isChosen).ToList();
        return new LabeledTexts([.. chosen.Select(i => Labels[i])], [.. chosen.Select(i => Texts[i])], [.. chosen.Select(i => Lines[i])]);
    }

    private static string Decode(ReadOnlySpan<byte> bytes, string name, int line)
    {
        try
        {
            return s_strict.GetString(bytes).Trim();
        }
        catch (DecoderFallbackException error)
        {
            throw new SampleException($"{name}, line {line}: not UTF-8 (byte 0x{error.BytesUnknown?.FirstOrDefault():X2} at {error.Index} of its label or text); convert the file to UTF-8.", error);
        }
    }
}
