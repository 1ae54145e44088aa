using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Kernels;

public sealed class SingleThreadTests
{
    [Fact]
    public void Set_OnAnyThread_TorchRunsOnOne()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var threads = 0;
        var other = new Thread(() => threads = torch.get_num_threads());
        other.Start();
        other.Join();
        threads.Should().Be(1);
    }
}
