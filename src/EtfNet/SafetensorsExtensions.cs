using TorchSharp;

namespace EtfNet;

/// <summary>Saves and loads a model's weights as safetensors files, which Python, Rust and JavaScript can also read and write.</summary>
/// <remarks>
/// <para>Parameters and buffers have the names of <c>model.state_dict()</c> in the file, the same as in PyTorch. A tied parameter is stored
/// once; its other names are entries of the metadata. A model with fixed layers has their plan in the metadata entry <c>etfnet.plan</c>,
/// the same JSON as <see cref="EtfPlan.ToJson"/>; to export it for programs that do not know frames, call
/// <see cref="ModuleExtensions.MaterializeEtf"/> first.</para>
/// <para>Files of this library have a checksum: SHA-256 over the header and the data, with its own digits counted as zeros. Files of other
/// programs need no checksum.</para>
/// </remarks>
public static class SafetensorsExtensions
{
    /// <summary>Saves a model's parameters and buffers, and which of its layers are fixed.</summary>
    /// <param name="model">The model, plain or with fixed layers, on any device.</param>
    /// <param name="path">The file; an existing file is replaced as a whole.</param>
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
    /// <exception cref="InvalidOperationException">The model was trained while it was being saved; the written data cannot be
    /// loaded.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public static void SaveSafetensors(this torch.nn.Module model, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(stream);
        SafetensorsWriter.Write(stream, ModelWeights.Capture(model));
    }

    /// <summary>Loads weights into a model, from a file of this library, of PyTorch or of any other program, with the model's names and
    /// shapes.</summary>
    /// <param name="model">The model. Layers that are fixed in the file are first fixed in the model, unless they already are.</param>
    /// <param name="path">The file.</param>
    /// <remarks>Values are written into the model's existing parameters. If the file has fixed layers, make the optimizer afterwards: the
    /// weights of these layers leave the model.</remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a folder.</exception>
    /// <exception cref="EtfStateException">The file is damaged or of a newer version, or a name, shape or type in it is not the model's.
    /// Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">Layers are fixed in the file but not in the model, and a live scheduler watches the
    /// model. Nothing was changed.</exception>
    public static void LoadSafetensors(this torch.nn.Module model, string path)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(path);
        ModelWeights.Load(model, SafetensorsReader.Read(path));
    }

    /// <summary>Loads weights from a stream, as <see cref="LoadSafetensors(torch.nn.Module, string)"/> does from a file.</summary>
    /// <param name="model">The model.</param>
    /// <param name="stream">Readable; it need not seek. It stays open, positioned after the last byte of the weights.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="EtfStateException">The stream is damaged or of a newer version, or a name, shape or type in it is not the model's.
    /// Nothing was changed.</exception>
    /// <exception cref="InvalidOperationException">Layers are fixed in the stream but not in the model, and a live scheduler watches the
    /// model. Nothing was changed.</exception>
    public static void LoadSafetensors(this torch.nn.Module model, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(stream);
        ModelWeights.Load(model, SafetensorsReader.Read(stream));
    }
}
