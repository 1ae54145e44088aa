using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>
/// Stands where a model's code holds a layer and calls its <c>forward</c>, which no hook sees: calls the layer by <c>call</c>, and is
/// otherwise the layer.
/// </summary>
/// <remarks>
/// It stands in fields and collections only. TorchSharp's own registries hold the layer itself, so that names, parameters and state are as
/// they were; a whole model's <c>to</c>, <c>train</c> and <c>save</c> go that way. What is asked of the stand-in directly is answered by
/// the layer.
/// </remarks>
internal sealed class RecordingModule : nn.Module<Tensor, Tensor>
{
    private nn.Module<Tensor, Tensor> _layer;

    public RecordingModule(nn.Module<Tensor, Tensor> layer)
        : base(layer.GetName()) => _layer = layer;

    /// <summary>The layer, or what has come in its place since.</summary>
    public nn.Module<Tensor, Tensor> Layer => _layer;

    /// <summary>Whether its <c>forward</c> was called.</summary>
    public bool WasCalled { get; private set; }

    public override bool training => _layer.training;

    public override Tensor forward(Tensor input)
    {
        WasCalled = true;
        return _layer.call(input);
    }

    public override void train(bool train = true) => _layer.train(train);

    public override void eval() => _layer.eval();

    public override void zero_grad(bool set_to_none = true) => _layer.zero_grad(set_to_none);

    public override nn.Module apply(Action<nn.Module> fn) => _layer.apply(fn);

    public override string GetName() => _layer.GetName();

    public override IEnumerable<(string name, nn.Module module)> named_children() => _layer.named_children();

    public override IEnumerable<(string name, nn.Module module)> named_modules() => _layer.named_modules();

    public override IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true) =>
        _layer.named_parameters(recurse);

    public override IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true) =>
        _layer.named_buffers(recurse, include_nonpersistent);

    public override Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null) =>
        _layer.state_dict(destination, prefix);

    protected override nn.Module _to(Device device, ScalarType dtype, bool non_blocking)
    {
        _layer.to(device, dtype, non_blocking);
        return this;
    }

    protected override nn.Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
    {
        _layer.to(deviceType, deviceIndex, non_blocking);
        return this;
    }

    protected override nn.Module _to(ScalarType dtype, bool non_blocking)
    {
        _layer.to(dtype, non_blocking);
        return this;
    }

    // A model that disposes its layers one by one means the layer.
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _layer.Dispose();
        base.Dispose(disposing);
    }
}
