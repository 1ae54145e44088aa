using Google.Protobuf;
using Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using Dimension = Onnx.TensorShapeProto.Types.Dimension;
using Module = TorchSharp.torch.nn.Module;

namespace EtfNet.Samples;

/// <summary>Writes networks of Sequential shape, nested ones included, as ONNX graphs. To use it elsewhere, copy this file and reference
/// OnnxSharp.</summary>
internal sealed class OnnxFile
{
    public const string Input = "input";
    public const string Output = "output";

    private const int IrVersion = 9;
    private const int OperatorSet = 20;

    private readonly GraphProto _graph = new() { Name = "model" };

    /// <summary>Makes the graph of a model.</summary>
    /// <param name="model">In evaluation mode, without fixed layers: after <c>MaterializeEtf</c>.</param>
    /// <param name="sample">The shape of one sample; the batch dimension is free.</param>
    /// <exception cref="SampleException">The model is in training mode, or has a module that is not in the list.</exception>
    public static ModelProto Of(Module model, params long[] sample)
    {
        if (model.training)
            throw new SampleException("The model is in training mode: call eval() before the export.");
        var file = new OnnxFile();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        file._graph.Input.Add(Value(Input, [new() { DimParam = "N" }, .. sample.Select(size => new Dimension { DimValue = size })]));
        file.Node("Identity", Output, [file.Add("", model, Input)]);
        file._graph.Output.Add(Value(Output));
        var version = new OperatorSetIdProto { Version = OperatorSet };
        return new ModelProto { IrVersion = IrVersion, ProducerName = "EtfNet", Graph = file._graph, OpsetImport = { version } };
    }

    /// <returns>The name of the module's output.</returns>
    private string Add(string path, Module module, string x)
    {
        string One(string type, IReadOnlyList<string>? states = null, params (string Name, object Value)[] attributes) =>
            Node(type, path, [x, .. (states ?? []).Select(name => Tensor($"{path}.{name}", module.state_dict()[name]))], attributes);
        var bias = module.state_dict().ContainsKey("bias") ? "bias" : null;
        switch (module)
        {
            case Sequential sequential:
                return sequential.named_children()
                    .Aggregate(x, (now, child) => Add($"{path}.{child.name}".TrimStart('.'), child.module, now));
            case Linear:
                var product = Node("MatMul", $"{path}.product", [x, Tensor($"{path}.weight", module.state_dict()["weight"].t())]);
                return bias is null ? product : Node("Add", path, [product, Tensor($"{path}.bias", module.state_dict()["bias"])]);
            case Convolution { transposed: false, padding: { } padding, padding_mode: PaddingModes.Zeros } one:
                return One("Conv", bias is null ? ["weight"] : ["weight", "bias"], ("strides", one.stride), ("pads", Twice(padding)),
                    ("dilations", one.dilation), ("group", one.groups));
            case BatchNorm { affine: true, track_running_stats: true } one:
                return One("BatchNormalization", ["weight", "bias", "running_mean", "running_var"], ("epsilon", one.eps));
            case LayerNorm { elementwise_affine: true } one when bias is not null:
                return One("LayerNormalization", ["weight", "bias"], ("axis", -(long)one.normalized_shape.Length), ("epsilon", one.eps));
            case MaxPool2d { ceil_mode: false } one:
                return One("MaxPool", null, ("kernel_shape", one.kernel_size), ("strides", one.stride ?? one.kernel_size),
                    ("pads", Twice(one.padding)), ("dilations", one.dilation ?? [1, 1]));
            case AvgPool2d { ceil_mode: false, divisor_override: null } one:
                return One("AveragePool", null, ("kernel_shape", one.kernel_size), ("strides", one.stride ?? one.kernel_size),
                    ("pads", Twice(one.padding)), ("count_include_pad", one.count_include_pad ? 1L : 0));
            case AdaptiveAvgPool2d one when one.output_size.All(size => size == 1): return One("GlobalAveragePool");
            case Flatten { start_dim: 1, end_dim: -1 }: return One("Flatten");
            case ReLU: return One("Relu");
            case GELU one: return One("Gelu", null, ("approximate", one.approximate.ToString()));
            case Tanh: return One("Tanh");
            case Sigmoid: return One("Sigmoid");
            case LeakyReLU one: return One("LeakyRelu", null, ("alpha", one.negative_slope));
            case Dropout or Identity: return x;
            default:
                var name = module.GetName();
                throw new SampleException($"{path}: {name} with these options is not in OnnxFile; add it, or export by Python.");
        }
    }

    private string Node(string type, string output, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = type, Name = output, Input = { inputs }, Output = { output } };
        node.Attribute.Add(attributes.Select(Attribute));
        _graph.Node.Add(node);
        return output;
    }

    private string Tensor(string name, Tensor values)
    {
        var proto = new TensorProto { Name = name, DataType = (int)TensorProto.Types.DataType.Float, Dims = { values.shape } };
        proto.RawData = ByteString.CopyFrom(values.cpu().to(float32).contiguous().bytes);
        _graph.Initializer.Add(proto);
        return name;
    }

    private static AttributeProto Attribute((string Name, object Value) one) => one.Value switch
    {
        long value => new() { Name = one.Name, Type = AttributeProto.Types.AttributeType.Int, I = value },
        double value => new() { Name = one.Name, Type = AttributeProto.Types.AttributeType.Float, F = (float)value },
        string value => new() { Name = one.Name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) },
        long[] values => new() { Name = one.Name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { values } },
        _ => throw new NotSupportedException(one.Name),
    };

    private static long[] Twice(long[]? padding) => padding is null ? [0, 0, 0, 0] : [.. padding, .. padding];

    private static ValueInfoProto Value(string name, params Dimension[] shape)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float };
        tensor.Shape = shape.Length > 0 ? new TensorShapeProto { Dim = { shape } } : null;
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
