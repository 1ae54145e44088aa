using TorchSharp;

namespace EtfNet.Tests.Support;

/// <summary>Runs something with more torch threads than the tests otherwise have.</summary>
internal static class Threads
{
    public static T Run<T>(int threads, Func<T> work)
    {
        var before = torch.get_num_threads();
        torch.set_num_threads(threads);
        try
        {
            return work();
        }
        finally
        {
            torch.set_num_threads(before);
        }
    }
}
