using System.Text.RegularExpressions;

namespace EtfNet;

/// <summary>Tells Open MPI from other libraries, whose handles are numbers instead of addresses and whose calls would crash.</summary>
internal static partial class LibraryCheck
{
    private const int Oldest = 3;
    private const int Newest = 5;

    /// <summary>Why a library cannot be used; null where it can.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="version">What its MPI_Get_library_version says; null where it has no such function.</param>
    /// <param name="missing">The symbols of Open MPI that it lacks.</param>
    public static string? Problem(string path, string? version, IReadOnlyList<string> missing)
    {
        var wanted = $"EtfNet needs Open MPI {Oldest} to {Newest} (Debian, Ubuntu: apt install openmpi-bin). "
            + "Install it and start the program with its mpirun, or name its library in MpiOptions.LibraryPath.";
        if (version is null)
            return $"'{path}' is not an MPI library: it has no MPI_Get_library_version. {wanted}";
        var first = version.Split('\n', ',')[0].Trim();
        var match = OpenMpiVersion().Match(version);
        if (!match.Success)
            return $"'{path}' is another MPI: {first}. {wanted}";
        if (int.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) is < Oldest or > Newest)
            return $"'{path}' is {first}, whose binary interface EtfNet does not know. {wanted}";
        return missing.Count == 0 ? null : $"'{path}' says it is {first}, but lacks {string.Join(", ", missing)}. {wanted}";
    }

    [GeneratedRegex(@"^Open MPI v(\d{1,4})\.")]
    private static partial Regex OpenMpiVersion();
}
