using System.Runtime.CompilerServices;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace EtfNet;

/// <summary>The private members of TorchSharp 0.107 that replacing layers needs. A renamed one fails loudly at the first use.</summary>
internal static class TorchSharpInternals
{
    /// <summary>A module's registered parameters, by name.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_params")]
    public static extern ref OrderedDict<string, Parameter> Parameters(torch.nn.Module module);

    /// <summary>A module's registered buffers, by name, each with whether it is saved.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_internal_buffers")]
    public static extern ref OrderedDict<string, (torch.Tensor, bool)> Buffers(torch.nn.Module module);

    /// <summary>The weight of a linear layer; the property's setter would dispose the old one.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_weight")]
    public static extern ref Parameter? Weight(Linear linear);

    /// <summary>The bias of a linear layer; the property's setter would dispose the old one.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bias")]
    public static extern ref Parameter? Bias(Linear linear);

    /// <summary>The weight of a convolution; the property's setter would dispose the old one.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_weight")]
    public static extern ref Parameter? Weight(Convolution convolution);

    /// <summary>The bias of a convolution; the property's setter would dispose the old one.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bias")]
    public static extern ref Parameter? Bias(Convolution convolution);

    /// <summary>The groups of an optimizer; the public property hides their type.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_parameter_groups")]
    public static extern ref IList<ParamGroup> Groups(torch.optim.Optimizer optimizer);

    /// <summary>An optimizer's state by the native address of the parameter.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_state")]
    public static extern ref OrderedDict<IntPtr, OptimizerState> State(OptimizerHelper optimizer);

    /// <summary>The parameter that a state belongs to.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_parameter")]
    public static extern ref Parameter ParameterOf(OptimizerState state);

    /// <summary>What a convolution pads its inputs with where the padding is not zeros: columns before and behind, then rows. Padding
    /// "same" puts the rows'
    /// numbers where the columns' belong (TorchSharp 0.107), which shows with kernels that are not square.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_reversed_padding_repeated_twice")]
    public static extern ref long[] ReversedPadding(Convolution layer);
}
