namespace EtfNet.Samples;

/// <summary>Gray images with the class of each: pixels 0 to 255, image after image, row after row.</summary>
public sealed record LabeledImages(byte[] Pixels, byte[] Labels, int Height, int Width)
{
    public int Count => Labels.Length;

    public int PixelsPerImage => Height * Width;
}
