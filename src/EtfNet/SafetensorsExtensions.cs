using TorchSharp;

namespace EtfNet;

/// <summary>A model's weights as safetensors files, which Python, Rust and JavaScript read and write as well.</summary>
/// <remarks>
/// <para>Parameters and buffers stand in the file under the names of <c>model.state_dict()</c>, which are PyTorch's. A tied parameter
/// stands there once; its other names are entries of the metadata. A model with fixed layers has their plan in the metadata entry
/// <c>etfnet.plan</c>, the same JSON as <see cref="EtfPlan.ToJson"/>; to export it for programs that know nothing of frames, call
/// <see cref="ModuleExtensions.MaterializeEtf"/> first.</para>
/// <para>Files of this library have a checksum: SHA-256 over the header, in which its own digits count as zeros, and the data. Files of
/// other programs need none.</para>
/// </remarks>
public static class SafetensorsExtensions
{
    /// <summary>Saves a model's parameters and buffers, and which of its layers are fixed.</summary>
    /// <param name="model">The model, plain or with fixed layers, on any device.</param>
    /// <param name="path">The file; replaced whole if it exists.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">A parameter is of a type that the format lacks, such as complex float64.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be written; an older one is untouched.</exception>
    /// <example>
    /// <code>
    /// model.SaveSafetensors("model.safetensors");
    ///
    /// var fresh = BuildModel();
    /// fresh.LoadSafetensors("model.safetensors"); // fixes the same layers first
    /// </code>
    /// </example>
    public static void SaveSafetensors(this torch.nn.Module model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(path);
        SafetensorsWriter.Write(path, ModelWeights.Capture(model));
    }

    /// <summary>Writes what <see cref="SaveSafetensors(torch.nn.Module, string)"/> saves to a stream.</summary>
    /// <param name="model">The model, plain or with fixed layers, on any device.</param>
    /// <param name="stream">Writable; it need not seek, and stays open.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="NotSupportedException">A parameter is of a type that the format lacks, such as complex float64.</exception>
    /// <exception cref="InvalidOperationException">The model was trained while it was being saved; what was written cannot be
    /// loaded.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void SaveSafetensors(this torch.nn.Module model, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(stream);
        SafetensorsWriter.Write(stream, ModelWeights.Capture(model));
    }

    /// <summary>Loads weights into a model: those of this library, or of PyTorch or any other program whose names and shapes are the
    /// model's.</summary>
    /// <param name="model">The model. Layers that the file has fixed are fixed in it first; a model whose layers are fixed as in the file
    /// takes them as they are.</param>
    /// <param name="path">The file.</param>
    /// <remarks>Values are written into the parameters that the model has. An optimizer should be made afterwards where the file has fixed
    /// layers: their weights leave the model.</remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file is damaged or of a newer version, or a name, shape or type in it is not the model's.
    /// Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">The file has layers fixed that are not fixed here, and a live scheduler watches the
    /// model. Nothing was changed.</exception>
    public static void LoadSafetensors(this torch.nn.Module model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(path);
        ModelWeights.Load(model, SafetensorsReader.Read(path));
    }

    /// <summary>Loads weights from a stream, as <see cref="LoadSafetensors(torch.nn.Module, string)"/> does from a file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stream">Readable; it need not seek, and stays open, behind the last byte of the weights.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream is damaged or of a newer version, or a name, shape or type in it is not the model's.
    /// Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">The stream has layers fixed that are not fixed here, and a live scheduler watches the
    /// model. Nothing was changed.</exception>
    public static void LoadSafetensors(this torch.nn.Module model, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(stream);
        ModelWeights.Load(model, SafetensorsReader.Read(stream));
    }
}
