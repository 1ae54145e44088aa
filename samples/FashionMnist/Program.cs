using EtfNet.Samples;
using Spectre.Console;

return FashionMnistProgram.Run(args, AnsiConsole.Console, Console.Error);
