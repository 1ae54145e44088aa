namespace EtfNet.Samples;

/// <summary>A question, the runs that answer it, and how the answer is shown: a JSON file, in <c>Catalog</c> or anywhere.</summary>
/// <param name="Question">What it asks, in one line.</param>
/// <param name="Variants">What is trained, for each seed.</param>
/// <param name="Tables">Its tables.</param>
/// <param name="Pictures">Its pictures.</param>
/// <param name="Basis">Settings of all variants, beside the main job's.</param>
/// <param name="Resumes">Whether a run that was stopped continues where it was; else it begins anew: its times are of one piece.</param>
/// <param name="Values">What stands for <c>{key}</c> in texts: a list each for all of the experiment, for --quick and for --smoke. A
/// variant is made for each value; of <c>name|settings</c> the first part stands in names, the second in settings.</param>
internal sealed record Experiment(
    string Question, IReadOnlyList<VariantTemplate> Variants, IReadOnlyList<TableTemplate> Tables,
    IReadOnlyList<PictureTemplate> Pictures, string Basis = "", bool Resumes = true,
    IReadOnlyDictionary<string, IReadOnlyList<IReadOnlyList<string>>>? Values = null)
{
    private const string Suffix = ".json";

    private static readonly Assembly s_assembly = Assembly.GetExecutingAssembly();

    private static readonly Regex s_key = new(@"\{(\w+)\}");

    private static readonly Regex s_result = new(@"\$(shallow|rates)\(([^;)]*)(?:; *([\d.]+))?\)");

    private static readonly JsonSerializerOptions s_json =
        new(JsonSerializerDefaults.Web) { ReadCommentHandling = JsonCommentHandling.Skip };

    /// <summary>Gets the names of the experiments of the catalog.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. s_assembly.GetManifestResourceNames().Select(name => name[..^Suffix.Length]).Order(StringComparer.Ordinal)];

    /// <summary>Gets its name, that of its files.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Reads an experiment of the catalog, or a file.</summary>
    /// <exception cref="SampleException">There is none of that name, or the file is damaged.</exception>
    public static Experiment Load(string? name)
    {
        if (name?.EndsWith(Suffix, StringComparison.Ordinal) != true && !Names.Contains(name))
            throw new SampleException($"there is no experiment '{name}'{Settings.DidYouMean(name ?? "", Names)}; give one of "
                + $"{string.Join(", ", Names)}, or a .json file.");
        using var stream = Names.Contains(name) ? s_assembly.GetManifestResourceStream(name + Suffix)!
            : new MemoryStream(Files.Read(name!));
        var read = Check.Explained(
            () => JsonSerializer.Deserialize<Experiment>(stream, s_json)!, why => $"{name} is not an experiment: {why}.");
        return read with { Name = Path.GetFileNameWithoutExtension(name!) };
    }

    /// <summary>All runs, seed after seed. Every other seed has its variants in reverse: what grows over hours does so for all.</summary>
    /// <param name="request">How much of it is asked for.</param>
    /// <param name="find">The finished run, or null: some settings follow from others' results.</param>
    /// <exception cref="SampleException">An option is unknown or has a wrong value.</exception>
    public IReadOnlyList<ExperimentRun> Runs(Request request, Func<ExperimentRun, FinishedRun?> find)
    {
        return [.. request.Seeds.Index().SelectMany(seed => seed.Index % 2 == 0 ? RunsOf(seed) : RunsOf(seed).AsEnumerable().Reverse())];

        List<ExperimentRun> RunsOf((int Index, int Item) seed)
        {
            var runs = new List<ExperimentRun>();
            foreach (var variant in Variants.Where(one => seed.Index == 0 || !one.FirstSeedOnly))
                foreach (var values in Combinations($"{variant.Name} {Basis} {variant.Settings}", request.Profile))
                {
                    var results = new List<string?>();
                    var text = s_result.Replace($"{Basis} {variant.Settings}", match =>
                    {
                        var other = runs.FirstOrDefault(run => run.Variant == Fill(match.Groups[2].Value, values, 0));
                        results.Add(Resolve(match, other, find));
                        return results[^1] ?? "";
                    });
                    if (results.Contains(""))
                        continue;
                    var (name, waits) = (Fill(variant.Name, values, 0), results.Contains(null));
                    var settings = Settings.Parse(request.Basis, waits ? "" : Fill(text, values, 1), $"seed={seed.Item}");
                    var run = new TrainingRun(name, settings.With(request.Overrides).Checked(TrainingRun.Options));
                    runs.Add(new ExperimentRun(name, Fill(variant.Line ?? "", values, 0), seed.Item, waits, values, run));
                }

            return runs;
        }
    }

    /// <summary>A text of tables and pictures, in which keys have one value.</summary>
    public string Fill(string text, int profile) => Fill(text, Combinations(text, profile).FirstOrDefault([]), 0);

    private static string Fill(string text, IReadOnlyDictionary<string, string> values, int part) =>
        s_key.Replace(text, key => values[key.Groups[1].Value].Split('|') is var parts ? parts[Math.Min(part, parts.Length - 1)] : "");

    /// <summary><c>$shallow(variant)</c> is how many layers a network has that is as shallow as that run's effective depth;
    /// <c>$rates(variant; factor)</c> gives the layers that it fixed a factor of their learning rate, from the same epochs on.</summary>
    /// <returns>Null: that run is not finished. Empty: it has no effective depth, or fixed nothing.</returns>
    private static string? Resolve(Match match, ExperimentRun? run, Func<ExperimentRun, FinishedRun?> find) =>
        run is null || run.Waits || find(run)?.Last is not { } last ? null : match.Groups[1].Value == "shallow" ? $"{last.ShallowLayers()}"
            : string.Join(',', last.Fixed.Select(layer => $"{layer.Layer}@{layer.Epoch}:{match.Groups[3].Value}"));

    /// <summary>All combinations of values for the keys of a text, the first key's changing last.</summary>
    private IEnumerable<Dictionary<string, string>> Combinations(string text, int profile)
    {
        var made = new List<Dictionary<string, string>> { new() };
        foreach (var key in s_key.Matches(text).Select(match => match.Groups[1].Value).Distinct())
            made = [.. from values in made from value in Values![key][Math.Min(profile, Values[key].Count - 1)]
                       select new Dictionary<string, string>(values) { [key] = value }];
        return made;
    }
}
