// The main job: multi-layer perceptrons on Fashion-MNIST. A baseline, Adaptive-ETF from the same start and, as the control, a network as
// shallow as the effective depth found, trained from scratch; then the table of the README. --help lists the options.
using EtfNet.Samples;

// At this epsilon five of eight layers are fixed.
return SampleProgram.Run(Console.Error, stop => Comparison.Run("FashionMnist", "epsilon=0.2", args, Screen.Standard, stop));
