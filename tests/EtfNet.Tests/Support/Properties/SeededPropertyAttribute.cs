using FsCheck.Xunit;

namespace EtfNet.Tests.Support;

/// <summary>A property of whatever a seed draws: its test takes the seed, and is run with some of them, the same in every run.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SeededPropertyAttribute : PropertyAttribute
{
    /// <summary>A property to be tried.</summary>
    /// <param name="seeds">How many seeds to try it with.</param>
    public SeededPropertyAttribute(int seeds)
    {
        MaxTest = seeds;
        Replay = "20241200884,1";
        Arbitrary = [typeof(Seeds)];
        QuietOnSuccess = true;
    }
}
