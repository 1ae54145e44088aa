using EtfNet.Samples;

return SampleProgram.Run(Console.Error, stop => ExperimentProgram.Run(args, Screen.Standard, stop));
