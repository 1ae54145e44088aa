namespace EtfNet.Tests.Docs;

/// <summary>
/// What blocks of code in the docs may take as given, beside the SDK's implicit usings: docs/contributing.md lists it. A block may declare
/// the same names itself.
/// </summary>
internal static class Preamble
{
    public const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    public const string Given = """
        global using EtfNet;
        global using Microsoft.Extensions.Logging;
        global using TorchSharp;
        global using TorchSharp.Modules;
        global using TorchSharp.Utils;
        global using static TorchSharp.torch;
        global using static TorchSharp.torch.nn.functional;
        global using static Given;

        internal static class Given
        {
            public static nn.Module<Tensor, Tensor> model = null!;
            public static optim.Optimizer optimizer = null!;
            public static AdaptiveEtfScheduler etf = null!;
            public static NccMonitor monitor = null!;
            public static CollapseReport report = null!;
            public static ILogger logger = null!;
            public static IEnumerable<(Tensor, Tensor)> batches = null!;
            public static IEnumerable<(Tensor, Tensor)> validationBatches = null!;
            public static Tensor x = null!;
            public static Tensor y = null!;
            public static int epoch;
            public static int epochs;

            public static nn.Module<Tensor, Tensor> BuildModel() => null!;

            public static double Validate(nn.Module<Tensor, Tensor> model) => 0;
        }
        """;
}
