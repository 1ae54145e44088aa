using EtfNet.Samples;
using Spectre.Console;

return VisionTransformerProgram.Run(args, AnsiConsole.Console, Console.Error);
