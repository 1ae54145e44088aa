namespace EtfNet.Samples;

/// <summary>The kinds of network: hidden layers of one width and a head; a residual network of eight blocks, 16 to 64 channels, about
/// 320,000 parameters; ResNet18 (eight blocks, 64 to 512 channels); a transformer on patches of images, or on bytes of texts.</summary>
public enum Model { Mlp, Small, Resnet18, Transformer }
