using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Tests.Kernels;

/// <summary>This program with kernels at work on several threads when it ends: <c>kernels-at-exit return|exit MILLISECONDS</c>.</summary>
/// <remarks>Without a backward pass: libtorch's own crash the process there, those of dense layers as well (2.10).</remarks>
internal static class KernelsAtExit
{
    public const string Name = "kernels-at-exit";

    /// <summary>What the process ends with.</summary>
    public const int Code = 7;

    public static int Run(string how, string milliseconds)
    {
        foreach (var work in new[] { Identity, Aligned, Sums })
            new Thread(() => Repeat(work)) { IsBackground = true }.Start();
        Thread.Sleep(int.Parse(milliseconds, CultureInfo.InvariantCulture));
        if (how == "exit")
            Environment.Exit(Code);
        return Code;
    }

    private static void Repeat(Action<Tensor> work)
    {
        set_num_threads(2);
        var x = ones(2000, 600);
        while (true)
        {
            using var scope = NewDisposeScope();
            work(x);
        }
    }

    private static void Identity(Tensor x) => CenteringPass.TryApply(x, new CenteringForm(600, 600, 600, 1, -1.0 / 600));

    private static void Aligned(Tensor x) => LowRankPass.TryApply(x, ones(600, 24), ones(600, 24), 21, 1);

    private static void Sums(Tensor x) => new ClassStatistics(600).Add(x, arange(2000) % 9);
}
