namespace EtfNet;

/// <summary>A run of one tensor's values in a bucket.</summary>
/// <param name="Tensor">The index of the tensor.</param>
/// <param name="Start">The first of its values, counted in the flattened tensor.</param>
/// <param name="Length">How many.</param>
internal readonly record struct BucketPiece(int Tensor, long Start, long Length);
