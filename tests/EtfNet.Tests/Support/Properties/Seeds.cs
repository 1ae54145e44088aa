using FsCheck;
using FsCheck.Fluent;

namespace EtfNet.Tests.Support;

/// <summary>What <see cref="SeededPropertyAttribute"/> draws. A smaller seed is no simpler case, so none is looked for.</summary>
internal static class Seeds
{
    public static Arbitrary<int> All() => Gen.Choose(0, 1_000_000).ToArbitrary();
}
