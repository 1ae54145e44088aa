using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Distributed;

public sealed class MpiLibraryTests
{
    [Theory]
    [InlineData("Open MPI v3.1.6, package: Open MPI builder")]
    [InlineData("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022")]
    [InlineData("Open MPI v5.0.7rc2, package: Open MPI")]
    public void Problem_OpenMpiOfAKnownInterface_None(string version) =>
        LibraryCheck.Problem("libmpi.so.40", version, []).Should().BeNull();

    [Theory]
    [InlineData("MPICH Version:      4.0.2\nMPICH Release date: Thu Apr  7\n", "'libmpi.so' is another MPI: MPICH Version:      4.0.2.")]
    [InlineData("Intel(R) MPI Library 2021.6 for Linux* OS\n", "'libmpi.so' is another MPI: Intel(R) MPI Library 2021.6 for Linux* OS.")]
    [InlineData("MVAPICH2 Version      :\t2.3.7", "'libmpi.so' is another MPI: MVAPICH2 Version")]
    [InlineData("Open MPI v2.1.1, package: Open MPI", "'libmpi.so' is Open MPI v2.1.1, whose binary interface EtfNet does not know.")]
    [InlineData("Open MPI v6.0.0, package: Open MPI", "'libmpi.so' is Open MPI v6.0.0, whose binary interface EtfNet does not know.")]
    [InlineData(null, "'libmpi.so' is not an MPI library")]
    public void Problem_AnyOther_NamesItAndWhatIsNeeded(string? version, string words) =>
        LibraryCheck.Problem("libmpi.so", version, ["ompi_mpi_comm_world"]).Should().StartWith(words)
            .And.Contain("EtfNet needs Open MPI 3 to 5").And.Contain("MpiOptions.LibraryPath");

    [Fact]
    public void Problem_SymbolsMissing_NamesThem() =>
        LibraryCheck.Problem("libmpi.so", "Open MPI v4.1.4, package", ["MPI_Comm_idup", "MPI_Ibcast"])
            .Should().StartWith("'libmpi.so' says it is Open MPI v4.1.4, but lacks MPI_Comm_idup, MPI_Ibcast.");

    [Fact]
    public void Start_NoSuchLibrary_SaysWhatToInstall()
    {
        var error = Start("/nowhere/libmpi.so.40");
        error.Error.Should().Be(CollectiveError.LibraryMissing);
        error.Message.Should().Contain("/nowhere/libmpi.so.40").And.Contain("apt install openmpi-bin");
    }

    [Fact]
    public void Start_LibraryOtherThanMpi_SaysSo()
    {
        // Whatever the system, a library that is loaded already.
        var path = System.Diagnostics.Process.GetCurrentProcess().Modules.Cast<System.Diagnostics.ProcessModule>()
            .First(module => module.ModuleName.Contains("coreclr", StringComparison.Ordinal)).FileName;
        var error = Start(path);
        error.Error.Should().Be(CollectiveError.LibraryUnsupported);
        error.Message.Should().Contain("is not an MPI library");
    }

    [MpichFact]
    public void Start_Mpich_IsRefused()
    {
        var error = Start(MpichFactAttribute.Library);
        error.Error.Should().Be(CollectiveError.LibraryUnsupported);
        error.Message.Should().StartWith($"'{MpichFactAttribute.Library}' is another MPI: MPICH Version:");
    }

    [Fact]
    public void Options_OutOfRange_Throw()
    {
        foreach (var timeout in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromSeconds(-1), TimeSpan.FromDays(25)])
            FluentActions.Invoking(() => new MpiOptions { Timeout = timeout }).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => new MpiOptions { LibraryPath = "" }).Should().Throw<ArgumentException>();
        new MpiOptions().Timeout.Should().Be(TimeSpan.FromMinutes(10));
    }

    private static CollectiveException Start(string path) =>
        FluentActions.Invoking(() => MpiCollective.Start(new MpiOptions { LibraryPath = path }))
            .Should().Throw<CollectiveException>().Which;
}
