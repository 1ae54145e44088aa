using EtfNet.Samples;
using Spectre.Console;

return LanguageIdentificationProgram.Run(args, AnsiConsole.Console, Console.Error);
