using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Is told when the features of a layer are there, and when they are taken, within a forward.</summary>
internal interface IFeatureClock
{
    void Entered(string layer, Tensor output);

    void Left(Tensor output);
}
