using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A function's node in autograd's graph: what it records, and the gradient that it computes when autograd asks.</summary>
/// <remarks>
/// One object serves all calls that differ in their tensors alone, as native code knows it by two function pointers; it stays alive while
/// a graph holds one of its nodes, whatever becomes of the layer. TorchSharp's own custom functions cost more per call, and keep a tensor
/// of the output's size until the backward pass.
/// </remarks>
internal abstract unsafe class GradientNode
{
    private readonly NativeTorch _torch;
    private readonly NativeAutograd _autograd;
    private readonly int _inputs;
    private readonly Lock _lock = new();
    private readonly ApplyFunction _apply;
    private readonly DeleteFunction _delete;
    private readonly nint _applyPointer, _deletePointer;
    private GCHandle _root;
    private int _alive;

    /// <param name="torch">libtorch's functions.</param>
    /// <param name="autograd">TorchSharp's.</param>
    /// <param name="inputs">How many inputs the function has: 1 or 2.</param>
    protected GradientNode(NativeTorch torch, NativeAutograd autograd, int inputs)
    {
        (_torch, _autograd, _inputs) = (torch, autograd, inputs);
        (_apply, _delete) = (Apply, Delete);
        _applyPointer = Marshal.GetFunctionPointerForDelegate(_apply);
        _deletePointer = Marshal.GetFunctionPointerForDelegate(_delete);
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate TensorArray ApplyFunction(nint* gradients, int count);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void DeleteFunction();

    /// <summary>Attaches a node of this function to an output that was computed without recording.</summary>
    /// <param name="output">A new tensor; disposed.</param>
    /// <param name="first">The first input.</param>
    /// <param name="second">The second, where the function has two.</param>
    /// <returns>The output as a tensor of the current scope, which requires a gradient.</returns>
    /// <exception cref="InvalidOperationException">Autograd refused.</exception>
    public Tensor Record(Tensor output, Tensor first, Tensor? second)
    {
        var inputs = stackalloc nint[2] { first.Handle, second?.Handle ?? 0 };
        var inputArray = new TensorArray { Items = inputs, Count = _inputs };
        var outputHandle = output.Handle;
        var outputArray = new TensorArray { Items = &outputHandle, Count = 1 };
        var slots = GradientSlots.OfThread();
        slots->Wrapped = 0;

        AddRoot();
        var node = _autograd.NewNode(_applyPointer, _deletePointer);
        _autograd.SetNextEdges(node, inputArray, 1);
        _autograd.ClearInputMetadata(node);
        _autograd.WrapOutputs(inputArray, default, default, outputArray, node, &PlaceOfOutput);
        var error = _autograd.TakeError();
        // From here on the output alone holds the node.
        _autograd.DisposeShared(node);
        _autograd.DisposeWeak(node);
        output.Dispose();
        return slots->Wrapped != 0
            ? Tensor.UnsafeCreateTensor(slots->Wrapped)
            : throw new InvalidOperationException(Marshal.PtrToStringUTF8((nint)error) ?? "TorchSharp recorded no output.");
    }

    /// <summary>The gradients of the inputs.</summary>
    /// <param name="gradient">That of the output.</param>
    /// <returns>Tensors of the current scope; null for an input that needs none.</returns>
    protected abstract (Tensor? First, Tensor? Second) Backward(Tensor gradient);

    private TensorArray Apply(nint* gradients, int count)
    {
        try
        {
            var slots = GradientSlots.OfThread();
            slots->Release(_torch);
            // This call owns the handle; there is none if no gradient came.
            if (count > 0 && gradients[0] != 0)
            {
                using var scope = NewDisposeScope();
                var (first, second) = Backward(Tensor.UnsafeCreateTensor(gradients[0]));
                slots->Keep(_torch, first, second);
            }

            return GradientSlots.Kept(slots, _inputs);
        }
        catch (Exception exception)
        {
            // An exception that crosses native code ends the process. If no gradients are returned, autograd raises an error of its own,
            // which TorchSharp throws.
            KernelLog.Instance.Write($"The gradient of a fixed layer failed, and with it the backward pass: {exception.Message}");
            return default;
        }
    }

    private void Delete()
    {
        GradientSlots.OfThread()->Release(_torch);
        lock (_lock)
            if (--_alive == 0)
                _root.Free();
    }

    private void AddRoot()
    {
        lock (_lock)
            if (++_alive == 1)
                _root = GCHandle.Alloc(this);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint* PlaceOfOutput(nuint count) => &GradientSlots.OfThread()->Wrapped;
}
