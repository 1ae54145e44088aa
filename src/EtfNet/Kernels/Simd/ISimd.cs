namespace EtfNet;

/// <summary>The arithmetic that a kernel is written in: vectors of one width over elements of one type.</summary>
/// <typeparam name="TVector">A vector of <see cref="Count"/> numbers, float32 or float64.</typeparam>
/// <typeparam name="TElement">What lies in the tensors. Loads and stores convert.</typeparam>
/// <remarks>
/// A kernel is one generic method, compiled for each implementation: by the width that the machine has, and by the type of the tensor.
/// The loops of kernels have <c>AggressiveOptimization</c>: until tiered compilation reached them, each vector operation would be a call.
/// What a kernel keeps between passes lies in scratch memory of the vectors' own type,
/// <see cref="WideSize"/> bytes per number.
/// </remarks>
internal unsafe interface ISimd<TVector, TElement>
    where TVector : struct
    where TElement : unmanaged
{
    /// <summary>The numbers of a vector.</summary>
    static abstract int Count { get; }

    /// <summary>The bytes of a number of the vectors' type.</summary>
    static abstract int WideSize { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Create(double value);

    static abstract TVector Load(TElement* source);

    static abstract TVector Broadcast(TElement* source);

    static abstract void Store(TElement* target, TVector value);

    /// <summary>
    /// Stores in memory, not in the cache, which saves reading what is overwritten; where there is no such store, as <see cref="Store"/>.
    /// The target is aligned to a vector, and a memory barrier goes before anybody else's reading.
    /// </summary>
    static abstract void StorePastCache(TElement* target, TVector value);

    /// <summary>The vector that begins at a number of scratch memory.</summary>
    static abstract TVector LoadWide(void* scratch, long index);

    static abstract TVector BroadcastWide(void* scratch, long index);

    static abstract void StoreWide(void* scratch, long index, TVector value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    /// <summary>left x right + addend, fused where the machine can.</summary>
    static abstract TVector MultiplyAdd(TVector left, TVector right, TVector addend);

    /// <summary>The sum of a vector's numbers, in float64.</summary>
    static abstract double Sum(TVector value);

    /// <summary>The sum of a vector's numbers, in the vector's own type: faster.</summary>
    static abstract double FastSum(TVector value);

    static abstract double Get(TElement* source);

    static abstract void Set(TElement* target, double value);

    static abstract double GetWide(void* scratch, long index);

    /// <summary>Copies a tensor's number to scratch memory.</summary>
    static abstract void Widen(TElement* source, void* scratch, long index);
}
