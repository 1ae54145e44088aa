using System.IO.Compression;

namespace EtfNet.Samples;

/// <summary>Texts to train on and texts to test with, and the labels of both, sorted.</summary>
public sealed record TextData(string Description, LabeledTexts Train, LabeledTexts Test, IReadOnlyList<string> Classes)
{
    public const string Embedded = "embedded";

    private const int HeldOut = 5;

    /// <summary>Loads the embedded sentences or files.</summary>
    /// <param name="choice"><c>embedded</c>, or a file of <c>label&lt;TAB&gt;text</c> lines.</param>
    /// <param name="test">A file to test with; null: every fifth line of each label is held out. The embedded data has one of its own.</param>
    /// <exception cref="SampleException">A file is missing or damaged, or has labels that cannot be.</exception>
    public static TextData Load(string choice, string? test)
    {
        if (choice == Embedded)
        {
            var train = ReadResource("train.tsv.gz");
            return test is null
                ? Of("Universal Declaration of Human Rights, embedded", train, ReadResource("test.tsv.gz"), "test.tsv.gz")
                : Of($"Universal Declaration of Human Rights, embedded, tested with {test}", train, ReadFile("--test", test), test);
        }

        var all = ReadFile("--data", choice);
        if (test is not null)
            return Of($"{choice}, tested with {test}", all, ReadFile("--test", test), test);
        var (kept, held) = HoldOut(all);
        if (held.Count == 0)
            throw new SampleException($"--data {choice}: no label has {HeldOut} lines, so that none can be held out to test with; give more lines or --test FILE.");
        return Of($"{choice}, every fifth line of a label held out", kept, held, choice);
    }

    private static TextData Of(string what, LabeledTexts train, LabeledTexts test, string testName)
    {
        var classes = train.Labels.Distinct().Order(StringComparer.Ordinal).ToList();
        if (classes.Count < 2)
            throw new SampleException($"The training texts are all labeled {classes[0]}; there must be at least 2 labels.");
        var known = classes.ToHashSet();
        for (var i = 0; i < test.Count; i++)
            if (!known.Contains(test.Labels[i]))
                throw new SampleException($"{testName}, line {test.Lines[i]}: the label {test.Labels[i]} is not among those of the training texts; correct it or leave it out.");
        return new TextData($"{what} ({train.Count:N0} training, {test.Count:N0} test texts, {classes.Count} labels)", train, test, classes);
    }

    private static (LabeledTexts Kept, LabeledTexts Held) HoldOut(LabeledTexts all)
    {
        var seen = new Dictionary<string, int>();
        var isHeld = all.Labels.Select(label => (seen[label] = seen.GetValueOrDefault(label) + 1) % HeldOut == 0).ToList();
        return (all.Where(i => !isHeld[i]), all.Where(i => isHeld[i]));
    }

    private static LabeledTexts ReadResource(string file)
    {
        using var stream = typeof(TextData).Assembly.GetManifestResourceStream($"udhr/{file}") ?? throw new InvalidOperationException($"{file} is not embedded.");
        using var unpacked = new GZipStream(stream, CompressionMode.Decompress);
        return LabeledTexts.Read(unpacked, file);
    }

    private static LabeledTexts ReadFile(string option, string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return LabeledTexts.Read(stream, path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new SampleException($"{option} {path}: no such file; give a file of label<TAB>text lines.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SampleException($"{option} {path} cannot be read ({error.Message.TrimEnd('.')}); check that it is a file and its permissions.", error);
        }
    }
}
