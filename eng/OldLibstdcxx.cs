// The old-libstdc++ step. TorchSharp 0.107's Linux library asks for GLIBCXX_3.4.32 (GCC 13) though it never calls the one symbol that
// carries
// that version, so on Debian 12 and Ubuntu 22.04 it does not load. Marking that one version-need entry weak in a copy lets it load.
// MSBuild compiles this one file (RoslynCodeTaskFactory, netstandard2.0); the tests compile it too, without the task.
#nullable disable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace EtfNet.Eng
{
    /// <summary>The symbol version tables of a 64-bit little-endian ELF file: what it needs from others, what it defines itself.</summary>
    public sealed class ElfVersions
    {
        private const uint VersionNeedSection = 0x6ffffffe;
        private const uint VersionDefinitionSection = 0x6ffffffd;
        private const int SectionHeaderSize = 64;
        private const ushort WeakFlag = 2;

        private readonly byte[] _image;

        /// <summary>Reads the header of an ELF image, which is not copied.</summary>
        /// <exception cref="InvalidDataException">The bytes are not a 64-bit little-endian ELF file with a section table.</exception>
        public ElfVersions(byte[] image)
        {
            _image = image ?? throw new ArgumentNullException(nameof(image));
            if (image.Length < SectionHeaderSize || image[0] != 0x7f || image[1] != 'E' || image[2] != 'L' || image[3] != 'F')
                throw new InvalidDataException("not an ELF file");
            if (image[4] != 2 || image[5] != 1)
                throw new InvalidDataException("not a 64-bit little-endian ELF file");
        }

        /// <summary>The names of the versions that the file defines, such as GLIBCXX_3.4.30 in libstdc++.</summary>
        public IReadOnlyList<string> Defined()
        {
            var names = new List<string>();
            foreach (var section in Sections(VersionDefinitionSection))
            {
                var entry = section.Offset;
                for (uint i = 0; i < section.Info; i++)
                {
                    var auxiliary = entry + U32(entry + 12);
                    names.Add(Text(section.Strings, U32(auxiliary)));
                    entry += Step(U32(entry + 16), i, section.Info);
                }
            }

            return names;
        }

        /// <summary>The names of the versions that the file needs and that are not marked weak, as "library: version".</summary>
        public IReadOnlyList<string> StronglyNeeded() =>
            Needs().Where(need => (U16(need.Offset + 4) & WeakFlag) == 0).Select(need => need.Library + ": " + need.Version).ToList();

        /// <summary>A copy of the image in which the need for <paramref name="version"/> of <paramref name="library"/> is weak: one flag
        /// differs.</summary>
        /// <exception cref="InvalidDataException">The file does not need that version exactly once, or its tables are damaged.</exception>
        public byte[] Weaken(string library, string version)
        {
            var found = Needs().Where(need => need.Library == library && need.Version == version).ToList();
            if (found.Count != 1)
                throw new InvalidDataException("expected one need for " + version + " of " + library + ", found " + found.Count);
            var offset = found[0].Offset;
            if (U32(offset) != Hash(version))
                throw new InvalidDataException("the entry for " + version + " carries another name's hash");
            var copy = (byte[])_image.Clone();
            var flags = (ushort)(U16(offset + 4) | WeakFlag);
            copy[offset + 4] = (byte)flags;
            copy[offset + 5] = (byte)(flags >> 8);
            return copy;
        }

        private IEnumerable<(string Library, string Version, long Offset)> Needs()
        {
            foreach (var section in Sections(VersionNeedSection))
            {
                var entry = section.Offset;
                for (uint i = 0; i < section.Info; i++)
                {
                    var library = Text(section.Strings, U32(entry + 4));
                    uint count = U16(entry + 2);
                    var auxiliary = entry + U32(entry + 8);
                    for (uint j = 0; j < count; j++)
                    {
                        yield return (library, Text(section.Strings, U32(auxiliary + 8)), auxiliary);
                        auxiliary += Step(U32(auxiliary + 12), j, count);
                    }

                    entry += Step(U32(entry + 12), i, section.Info);
                }
            }
        }

        private IEnumerable<Section> Sections(uint type)
        {
            var table = (long)U64(40);
            if (U16(58) != SectionHeaderSize)
                throw new InvalidDataException("unexpected size of a section header");
            int count = U16(60);
            if (table < 0 || table > _image.Length - (long)count * SectionHeaderSize)
                throw new InvalidDataException("the section table reaches outside the file");
            for (var i = 0; i < count; i++)
            {
                var header = table + (long)i * SectionHeaderSize;
                if (U32(header + 4) != type)
                    continue;
                var link = U32(header + 40);
                if (link >= count)
                    throw new InvalidDataException("a version section names a string table that does not exist");
                var strings = table + link * (long)SectionHeaderSize;
                yield return new Section((long)U64(header + 24), U32(header + 44), (long)U64(strings + 24), (long)U64(strings + 32));
            }
        }

        private string Text(Strings strings, uint index)
        {
            if (index >= strings.Size)
                throw new InvalidDataException("a name lies outside its string table");
            var start = strings.Offset + index;
            var end = start;
            while (Byte(end) != 0)
                end++;
            return Encoding.ASCII.GetString(_image, (int)start, (int)(end - start));
        }

        /// <summary>The distance to the next entry of a chain; only the last may be zero, so that no chain runs in a circle.</summary>
        private static uint Step(uint next, uint index, uint count) =>
            next == 0 && index + 1 < count ? throw new InvalidDataException("a version table ends early") : next;

        /// <summary>The hash function of the System V ABI, by which the loader finds version names.</summary>
        private static uint Hash(string name)
        {
            uint hash = 0;
            foreach (var character in name)
            {
                hash = (hash << 4) + character;
                var high = hash & 0xf0000000;
                hash = (hash ^ (high >> 24)) & ~high;
            }

            return hash;
        }

        private byte Byte(long offset) => _image[Checked(offset, 1)];

        private ushort U16(long offset) => BitConverter.ToUInt16(_image, Checked(offset, 2));

        private uint U32(long offset) => BitConverter.ToUInt32(_image, Checked(offset, 4));

        private ulong U64(long offset) => BitConverter.ToUInt64(_image, Checked(offset, 8));

        private int Checked(long offset, int size) =>
            offset >= 0 && offset <= _image.Length - size ? (int)offset : throw new InvalidDataException("a table points outside the file");

        private readonly struct Strings
        {
            public Strings(long offset, long size)
            {
                Offset = offset;
                Size = size;
            }

            public long Offset { get; }

            public long Size { get; }
        }

        private readonly struct Section
        {
            public Section(long offset, uint info, long stringsOffset, long stringsSize)
            {
                Offset = offset;
                Info = info;
                Strings = new Strings(stringsOffset, stringsSize);
            }

            public long Offset { get; }

            public uint Info { get; }

            public Strings Strings { get; }
        }
    }

    /// <summary>Decides whether this system needs the step, and makes the copy.</summary>
    public static class OldLibstdcxx
    {
        private const string Library = "libstdc++.so.6";
        private const string Version = "GLIBCXX_3.4.32";

        /// <summary>The system's libstdc++, or null where none is found in the usual folders.</summary>
        public static string FindSystemLibrary()
        {
            var folders = (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "").Split(':').Where(folder => folder.Length > 0)
                .Concat(new[] { "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib" });
            return folders.Select(folder => Path.Combine(folder, Library)).FirstOrDefault(File.Exists);
        }

        /// <summary>Whether a libstdc++ lacks the version that TorchSharp 0.107 asks for.</summary>
        public static bool IsOld(byte[] libstdcxx) => !new ElfVersions(libstdcxx).Defined().Contains(Version);

        /// <summary>
        /// When a copy of <paramref name="source"/> is dated: not as the source itself, which has the same size. The build copies a file
        /// only where size or time
        /// differ, so that an output folder that holds the original, from a build without this step, would keep it.
        /// </summary>
        public static DateTime StampFor(string source) => File.GetLastWriteTimeUtc(source).AddMinutes(1);

        /// <summary>Writes a loadable copy of <paramref name="source"/>, by a rename, so that no reader sees half a file.</summary>
        /// <exception cref="InvalidDataException">The source is not the library that is expected; nothing is written.</exception>
        public static void WriteLoadableCopy(string source, string target)
        {
            var image = new ElfVersions(File.ReadAllBytes(source)).Weaken(Library, Version);
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(target)));
            var temporary = target + "." + Guid.NewGuid().ToString("N");
            File.WriteAllBytes(temporary, image);
            File.SetLastWriteTimeUtc(temporary, StampFor(source));
            if (File.Exists(target))
                File.Delete(target);
            File.Move(temporary, target);
        }
    }

#if !WITHOUT_MSBUILD
    /// <summary>The MSBuild task: gives the path of a loadable copy, or nothing where this system loads the original.</summary>
    public sealed class MakeLoadableOnOldLibstdcxx : Microsoft.Build.Utilities.Task
    {
        [Microsoft.Build.Framework.Required]
        public string Source { get; set; }

        [Microsoft.Build.Framework.Required]
        public string Target { get; set; }

        [Microsoft.Build.Framework.Output]
        public string Copy { get; set; }

        public override bool Execute()
        {
            try
            {
                var system = OldLibstdcxx.FindSystemLibrary();
                if (system == null || !OldLibstdcxx.IsOld(File.ReadAllBytes(system)))
                    return true;
                if (!File.Exists(Target) || File.GetLastWriteTimeUtc(Target) != OldLibstdcxx.StampFor(Source))
                {
                    OldLibstdcxx.WriteLoadableCopy(Source, Target);
                    Log.LogMessage(Microsoft.Build.Framework.MessageImportance.High,
                        "EtfNet: " + system + " is older than GCC 13's; TorchSharp's native library is used as a copy that loads with it "
                        + "(EtfNetUseOldLibstdcxxStep=false turns this off).");
                }

                Copy = Target;
                return true;
            }
            catch (Exception exception)
                when (exception is InvalidDataException || exception is IOException || exception is UnauthorizedAccessException)
            {
                Log.LogError("Cannot make " + Source + " loadable on this system's older libstdc++: " + exception.Message);
                return false;
            }
        }
    }
#endif
}
