using EtfNet.Samples;

return ExperimentProgram.Run(args, Console.Out, Console.Error);
