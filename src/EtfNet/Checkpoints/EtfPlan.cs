using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using TorchSharp;

namespace EtfNet;

/// <summary>Which layers of a model are fixed, and how: a few bytes of JSON that, with the weights, rebuild the model for
/// inference.</summary>
/// <remarks>
/// Build a new model, call <see cref="Apply"/>, then <c>model.load(weights)</c>. The factors of aligned and nearest frames are saved with
/// the weights. A plan is immutable.
/// </remarks>
/// <example>
/// <code>
/// EtfPlan.Of(model).Save("plan.json");
/// model.save("weights.dat");
///
/// using var deployed = BuildModel();
/// EtfPlan.Load("plan.json").Apply(deployed); // the same layers are fixed
/// deployed.load("weights.dat");
/// </code>
/// </example>
public sealed class EtfPlan
{
    private const int Version = 2;
    private const int VersionWithoutCuts = 1;
    private const string Remedy = "Write it again with EtfPlan.Save.";

    internal EtfPlan(IReadOnlyList<PlannedLayer> layers, IReadOnlyList<PlannedCut>? cuts = null) => (Layers, Cuts) = (layers, cuts ?? []);

    /// <summary>Gets the names of the fixed layers, in registration order.</summary>
    public IReadOnlyList<string> LayerNames => [.. Layers.Select(layer => layer.Name)];

    /// <summary>Gets the names of the <c>Sequential</c> modules that were cut, in registration order; empty for the model itself.</summary>
    public IReadOnlyList<string> CutNames => [.. Cuts.Select(cut => cut.Path)];

    internal IReadOnlyList<PlannedLayer> Layers { get; }

    internal IReadOnlyList<PlannedCut> Cuts { get; }

    /// <summary>Makes the plan of a model: which of its layers are fixed, and where it was cut.</summary>
    /// <param name="model">The model; it may have no fixed layers.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    public static EtfPlan Of(torch.nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new EtfPlan(FixedModules.Of(model), PlannedCut.Of(model));
    }

    /// <summary>Reads a plan from JSON.</summary>
    /// <param name="json">The text that <see cref="ToJson"/> returned.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="json"/> is null.</exception>
    /// <exception cref="EtfStateException">The text is not a plan, is of a newer version, or names an impossible frame.</exception>
    public static EtfPlan Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            return From(JsonSerializer.Deserialize(json, PlanJson.Default.PlanDocument)
                ?? throw Error(null, "it is a JSON null, not a plan of fixed layers"));
        }
        catch (JsonException exception)
        {
            throw Error(null, $"it is not a plan of fixed layers ({exception.Message.TrimEnd('.')})", exception);
        }
    }

    /// <summary>Reads a plan from a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="EtfStateException">The file contains no plan; the message names the file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    public static EtfPlan Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (EtfStateException exception)
        {
            throw exception.In(path);
        }
    }

    /// <summary>Reads a plan from a stream.</summary>
    /// <param name="stream">UTF-8 text, read to the end; the stream need not seek, and stays open.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="EtfStateException">The stream contains no plan.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static EtfPlan Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var reader = new StreamReader(stream, leaveOpen: true);
        return Parse(reader.ReadToEnd());
    }

    /// <summary>Writes the plan to a file: a reader sees the old file or the new one, never a part.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written.</exception>
    public void Save(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        AtomicFile.Write(path, Save);
    }

    /// <summary>Writes the plan to a stream, as UTF-8 text.</summary>
    /// <param name="stream">Takes the bytes; it need not seek, and stays open.</param>
    /// <exception cref="ArgumentNullException"><paramref name="stream"/> is null.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var writer = new StreamWriter(stream, leaveOpen: true);
        writer.Write(ToJson());
    }

    /// <summary>Gives the plan as JSON.</summary>
    /// <returns>A document with a version, and for each layer its name, kind, shape, seed, scale and rank; for each cut the last layer that
    /// stays, and the head.</returns>
    public string ToJson() => JsonSerializer.Serialize(ToDocument(), PlanJson.Default.PlanDocument);

    /// <summary>Cuts a newly built model and fixes its layers as the plan says. Load the weights afterwards.</summary>
    /// <param name="model">A model built like the one that the plan was made from. Layers that are already fixed as planned are left
    /// alone.</param>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The plan names a layer that the model does not have, or has in another shape, a dtype that cannot hold the frame, or with a weight
    /// that something else uses.
    /// Nothing was changed.
    /// </exception>
    /// <exception cref="InvalidOperationException">The model has a live scheduler.</exception>
    public void Apply(torch.nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        LiveSchedulers.RequireNone(model);
        using var cuts = PlannedCuts.Apply(model, Cuts, []);
        PlanApplication.Run(model, Layers, []);
        cuts.Accept();
    }

    internal PlanDocument ToDocument() => new(
        Cuts.Count == 0 ? VersionWithoutCuts : Version,
        [.. Layers.Select(layer => new PlanEntry(layer.Name, layer.InPlace, layer.ToJson()))],
        Cuts.Count == 0 ? null : [.. Cuts.Select(CutEntry.From)]);

    /// <exception cref="EtfStateException">The document is of a newer version, or names an impossible frame.</exception>
    internal static EtfPlan From(PlanDocument document)
    {
        if (document.Version is < VersionWithoutCuts or > Version)
            throw new EtfStateException(null, null,
                $"it is a plan of version {document.Version}; this library reads versions up to {Version}",
                document.Version > Version ? "Update EtfNet." : Remedy);
        var names = new HashSet<string>();
        var layers = new List<PlannedLayer>();
        foreach (var entry in document.Layers ?? throw Error(null, "it has no list of layers"))
        {
            if (entry is null)
                throw Error(null, "it has a layer that is null");
            if (string.IsNullOrWhiteSpace(entry.Layer) && document.Layers.Count > 1)
                throw Error(null, "it has a layer without a name");
            if (!names.Add(entry.Layer ?? ""))
                throw Error(entry.Layer, "the plan names this layer twice");
            layers.Add(Layer(entry));
        }

        var cuts = (document.Cuts ?? [])
            .Select(entry => entry ?? throw Error(null, "it has a cut that is null"))
            .Select(entry => entry.ToPlan(problem => Error(entry.Sequential, problem)))
            .ToList();
        if (cuts.GroupBy(cut => cut.Path).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw Error(twice.Key, "the plan cuts this Sequential twice");
        return new EtfPlan(layers, cuts);
    }

    private static PlannedLayer Layer(PlanEntry entry)
    {
        try
        {
            return PlannedLayer.Read(entry.Layer ?? "", entry.Frame ?? throw Error(entry.Layer, "the layer has no frame"), entry.InPlace);
        }
        catch (EtfStateException exception) when (exception.Entry is null)
        {
            throw new EtfStateException(null, entry.Layer ?? "", exception.Problem, exception.Remedy, exception);
        }
    }

    private static EtfStateException Error(string? layer, string problem, Exception? inner = null) =>
        new(null, layer, problem, Remedy, inner);
}

/// <summary>A plan as JSON has it.</summary>
internal sealed record PlanDocument(
    int Version, IReadOnlyList<PlanEntry> Layers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<CutEntry>? Cuts = null);

/// <summary>A fixed layer as JSON has it.</summary>
internal sealed record PlanEntry(string Layer, bool InPlace, JsonObject Frame);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(PlanDocument))]
internal sealed partial class PlanJson : JsonSerializerContext;
