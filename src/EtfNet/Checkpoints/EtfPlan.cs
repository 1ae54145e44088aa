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
        return PlanFormat.Read(json);
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
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
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
    public string ToJson() => PlanFormat.Write(this);

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
        using var pause = InferencePause.Begin();
        using var cuts = PlannedCuts.Apply(model, Cuts, []);
        PlanApplication.Run(model, Layers, []);
        cuts.Accept();
    }
}
