using System.Runtime.InteropServices;

namespace EtfNet;

/// <summary>Finds and loads the MPI library.</summary>
internal static unsafe class LibraryLoader
{
    private const int VersionLength = 8192;

    /// <summary>Open MPI's versions 3 to 5 share this name; a plain libmpi.so may be any MPI.</summary>
    private static readonly string[] s_names = OperatingSystem.IsMacOS()
        ? ["libmpi.40.dylib", "libmpi.dylib"]
        : ["libmpi.so.40", "libmpi.so"];

    /// <exception cref="CollectiveException">There is none, or it is another MPI.</exception>
    public static nint Load(string? path, IReadOnlyList<string> symbols)
    {
        foreach (var name in path is null ? s_names : [path])
            if (NativeLibrary.TryLoad(name, out var library))
            {
                string[] missing = [.. symbols.Where(symbol => !NativeLibrary.TryGetExport(library, symbol, out _))];
                return LibraryCheck.Problem(name, Version(library), missing) is { } problem
                    ? throw new CollectiveException(CollectiveError.LibraryUnsupported, [], problem)
                    : library;
            }

        throw new CollectiveException(
            CollectiveError.LibraryMissing, [],
            $"Open MPI's library cannot be loaded: {string.Join(", ", path is null ? s_names : [path])}. "
            + "Install Open MPI (Debian, Ubuntu: apt install openmpi-bin), put its folder into LD_LIBRARY_PATH, "
            + "or name the file in MpiOptions.LibraryPath.");
    }

    /// <summary>What the library says it is; null where it is no MPI. May be asked before MPI is initialized.</summary>
    public static string? Version(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "MPI_Get_library_version", out var address))
            return null;
        // MPICH writes up to 8,192 bytes, Open MPI 256.
        var text = stackalloc byte[VersionLength];
        int length;
        var get = (delegate* unmanaged[Cdecl]<byte*, int*, int>)address;
        return get(text, &length) == 0 ? Marshal.PtrToStringUTF8((nint)text, Math.Clamp(length, 0, VersionLength)).TrimEnd('\0') : null;
    }
}
