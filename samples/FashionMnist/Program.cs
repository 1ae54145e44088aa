// The main job: multi-layer perceptrons on Fashion-MNIST. A baseline, Adaptive-ETF from the same start and, as the control, a network as
// shallow as the effective depth found, trained from scratch; then the table of the README. --help lists the options.
using EtfNet.Samples;

// At this epsilon six or seven of eight layers are fixed by epoch 6, at the baseline's accuracy.
return SampleProgram.Run(Console.Error, stop => Comparison.Run("FashionMnist", "epsilon=0.2", args, Screen.Standard, stop));
