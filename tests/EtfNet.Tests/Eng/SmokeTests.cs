using FluentAssertions;
using Xunit;
using static TorchSharp.torch;
namespace EtfNet.Tests.Eng;
public sealed class SmokeTests
{
    [Fact]
    public void Torch_Loads() => zeros(2, 2).sum().item<float>().Should().Be(0);
}
