using static TorchSharp.torch;

namespace EtfNet;

/// <summary>A matrix applied to the channels at every position of maps: a 1 x 1 convolution.</summary>
/// <remarks>
/// As matrix products: skinny ones took half the time of libtorch's 1 x 1 convolution (2.10, CPU), square ones as long. Products do not go
/// through oneDNN's convolutions, whose results at numbers of channels that are no multiple of 16 were NaN now and then.
/// </remarks>
internal static class ChannelProduct
{
    /// <param name="matrix">K x F.</param>
    /// <param name="maps">(N, F, rows, columns). Nothing is recorded.</param>
    /// <returns>(N, K, rows, columns), of the current scope, in the memory layout of the maps. Not a view: what a layer returns may be
    /// changed in place (<c>relu_</c>), which autograd does not allow of a view that a function returns.</returns>
    public static Tensor Apply(Tensor matrix, Tensor maps)
    {
        var (shape, outputs) = (maps.shape, matrix.shape[0]);
        var (batch, channels, rows, columns) = (shape[0], shape[1], shape[2], shape[3]);
        // Channels that lie next to each other, and single pixels, are the rows of one product.
        if (rows * columns == 1 || (maps.stride(1) == 1 && channels > 1))
        {
            var pixels = maps.permute(0, 2, 3, 1).reshape(-1, channels).mm(matrix.t());
            return pixels.set_(rows * columns == 1 ? pixels.view(batch, outputs, 1, 1)
                : pixels.view(batch, rows, columns, outputs).permute(0, 3, 1, 2));
        }

        var planes = matrix.expand(batch, outputs, channels).bmm(maps.reshape(batch, channels, rows * columns));
        return planes.set_(planes.view(batch, outputs, rows, columns));
    }
}
