namespace EtfNet.Samples;

/// <summary>A data set of images: where it came from, in words, its training and its test images, and its number of classes.</summary>
public sealed record ImageData(string Description, LabeledImages Train, LabeledImages Test, int ClassCount);
