using System.Reflection;
using EtfNet.Eng;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Eng;

public sealed class OldLibstdcxxTests
{
    private const string Library = "libstdc++.so.6";
    private const string Version = "GLIBCXX_3.4.32";

    [LinuxFact]
    public void Weaken_RealLibrary_ChangesOneFlagAndNoOtherByte()
    {
        var original = File.ReadAllBytes(NativeLibrary());
        new ElfVersions(original).StronglyNeeded().Should().Contain($"{Library}: {Version}");

        var copy = new ElfVersions(original).Weaken(Library, Version);

        var changed = Enumerable.Range(0, original.Length).Where(i => original[i] != copy[i]).ToList();
        changed.Should().ContainSingle();
        (original[changed[0]] ^ copy[changed[0]]).Should().Be(2);
        new ElfVersions(copy).StronglyNeeded().Should().BeEquivalentTo(
            new ElfVersions(original).StronglyNeeded().Where(need => need != $"{Library}: {Version}"));
    }

    [LinuxFact]
    public void WriteLoadableCopy_RealLibrary_KeepsSourceAndItsTime()
    {
        var source = NativeLibrary();
        var before = File.ReadAllBytes(source);
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var target = Path.Combine(folder.FullName, "nested", "copy.so");
            OldLibstdcxx.WriteLoadableCopy(source, target);
            OldLibstdcxx.WriteLoadableCopy(source, target);

            File.ReadAllBytes(source).Should().Equal(before);
            // The same size: only another time makes the build replace an original in the output folder.
            File.GetLastWriteTimeUtc(target).Should().BeAfter(File.GetLastWriteTimeUtc(source)).And.Be(OldLibstdcxx.StampFor(source));
            Directory.GetFiles(folder.FullName, "*", SearchOption.AllDirectories).Should().Equal(target);
        }
        finally
        {
            folder.Delete(true);
        }
    }

    [LinuxFact]
    public void IsOld_SystemLibrary_AgreesWithTheVersionsItDefines()
    {
        var system = File.ReadAllBytes(OldLibstdcxx.FindSystemLibrary());
        var defined = new ElfVersions(system).Defined();
        defined.Should().Contain("GLIBCXX_3.4");
        OldLibstdcxx.IsOld(system).Should().Be(!defined.Contains(Version));
    }

    [Fact]
    public void WriteLoadableCopy_UnexpectedFile_WritesNothing()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var source = Path.Combine(folder.FullName, "garbage.so");
            File.WriteAllBytes(source, new byte[4096]);
            var act = () => OldLibstdcxx.WriteLoadableCopy(source, Path.Combine(folder.FullName, "out", "copy.so"));
            act.Should().Throw<InvalidDataException>().WithMessage("not an ELF file");
            Directory.Exists(Path.Combine(folder.FullName, "out")).Should().BeFalse();
        }
        finally
        {
            folder.Delete(true);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(4096)]
    public void Constructor_NotElf_Throws(int length) =>
        ((Action)(() => _ = new ElfVersions(new byte[length]))).Should().Throw<InvalidDataException>();

    [LinuxFact]
    public void Weaken_VersionThatIsNotNeeded_Throws()
    {
        var act = () => new ElfVersions(File.ReadAllBytes(NativeLibrary())).Weaken(Library, "GLIBCXX_9.9.9");
        act.Should().Throw<InvalidDataException>().WithMessage("*found 0*");
    }

    [LinuxFact]
    public void Weaken_Truncated_ThrowsInvalidData()
    {
        var original = File.ReadAllBytes(NativeLibrary());
        foreach (var length in new[] { 64, 65, 1000, original.Length / 2, original.Length - 1 })
        {
            var act = () => new ElfVersions(original[..length]).Weaken(Library, Version);
            act.Should().Throw<InvalidDataException>($"{length} bytes are left");
        }
    }

    [LinuxFact]
    public void Weaken_RandomBytesInTheTables_NeverThrowsAnythingElse()
    {
        var original = File.ReadAllBytes(NativeLibrary());
        var random = new Random(7);
        var table = (int)BitConverter.ToUInt64(original, 40);
        for (var trial = 0; trial < 300; trial++)
        {
            var damaged = (byte[])original.Clone();
            for (var i = 0; i < 20; i++)
                damaged[random.Next(table, Math.Min(damaged.Length, table + 64 * 40))] = (byte)random.Next(256);
            try
            {
                new ElfVersions(damaged).Weaken(Library, Version);
            }
            catch (InvalidDataException)
            {
                // Refused with the one exception that the build step turns into an error message.
            }
        }
    }

    // The copy that the tests run on may be the weakened one: the original lies in the package folder.
    private static string NativeLibrary()
    {
        var packages = typeof(OldLibstdcxxTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(entry => entry.Key == "NuGetPackageRoot").Value!;
        return Path.Combine(packages, "torchsharp", "0.107.0", "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
    }

    /// <summary>Only Linux has these files.</summary>
    private sealed class LinuxFactAttribute : FactAttribute
    {
        public override string? Skip => OperatingSystem.IsLinux() ? null : "ELF files are Linux's.";
    }
}
