// Residual networks: a baseline, Adaptive-ETF from the same start and, as the control, a network as shallow as the effective depth found,
// trained from scratch. By default a small one on the embedded images; --model resnet18, --data full, or --data FOLDER with CIFAR-10 or
// CIFAR-100 in their binary form.
using EtfNet.Samples;

const string Recipe = "model=small cosine=true rising-epochs=1 learning-rate=0.1 mirror=true epsilon=0.2";

// With a stem of stride 2 the default ends within two minutes on two cores.
var size = args.Contains("--data") ? "epochs=30" : "epochs=8 stride=2";
return SampleProgram.Run(Console.Error, stop => Comparison.Run("ResNet", $"{Recipe} {size}", args, Screen.Standard, stop));
