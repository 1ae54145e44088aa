using EtfNet.Tests.Support;
using FluentAssertions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace EtfNet.Tests.Eng;

/// <summary>The folders of sources: how much each holds, and what those of the library may use.</summary>
public sealed class LayoutTests
{
    private const int MaxFiles = 10;

    /// <summary>A feature, and two levels below it.</summary>
    private const int MaxDepth = 3;

    /// <summary>Each folder uses those before it only; extension methods on the user's model stand above all.</summary>
    private static readonly string[] s_order =
    [
        "Diagnostics", "Kernels", "State", "Modules", "Collapse", "Geometry", "Layers", "Replacement", "Distributed", "Observation",
        "Monitoring", "Depth", "Calibration", "Adaptive", "Checkpoints", "",
    ];

    private static readonly string s_root = Repository.Path("src/EtfNet");

    [Fact]
    public void Folders_OfTheLibrary_DependDownwardsOnly()
    {
        var files = Sources().ToList();
        var homes = new Dictionary<string, string>();
        foreach (var (folder, root) in files)
            foreach (var type in root.DescendantNodes()
                .OfType<BaseTypeDeclarationSyntax>().Where(type => type.Parent is not TypeDeclarationSyntax))
                homes[type.Identifier.Text] = folder;

        var upward = new SortedSet<string>();
        foreach (var (folder, root) in files)
            foreach (var name in root.DescendantNodes().OfType<SimpleNameSyntax>().Where(IsType).Select(name => name.Identifier.Text))
                if (homes.TryGetValue(name, out var home) && Array.IndexOf(s_order, home) > Array.IndexOf(s_order, folder))
                    upward.Add($"{folder} uses {name} of {home}");

        upward.Should().BeEmpty();
        files.Select(file => file.Folder).Distinct().Should().BeSubsetOf(s_order);
    }

    [Theory]
    [InlineData("src/EtfNet")]
    [InlineData("src/EtfNet.Benchmarks")]
    [InlineData("samples")]
    [InlineData("tests/EtfNet.Tests")]
    public void Folders_HoldAtMostTenFilesAndNestTwoLevels(string root)
    {
        var folders = Files(Repository.Path(root))
            .GroupBy(file => Path.GetRelativePath(Repository.Path(root), Path.GetDirectoryName(file)!)).ToList();

        folders.Should().HaveCountGreaterThan(1);
        folders.Where(folder => folder.Count() > MaxFiles)
            .Select(folder => $"{folder.Key}: {folder.Count()} files").Should().BeEmpty();
        folders.Where(folder => folder.Key.Split(Path.DirectorySeparatorChar).Length > MaxDepth)
            .Select(folder => folder.Key).Should().BeEmpty();
    }

    /// <summary>Whether a name can be a type: member names after a dot and names of arguments are none.</summary>
    private static bool IsType(SimpleNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax access => access.Expression == name,
        NameColonSyntax or NameEqualsSyntax or NameMemberCrefSyntax or InvocationExpressionSyntax => false,
        AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } assignment => assignment.Right == name,
        _ => true,
    };

    private static IEnumerable<(string Folder, CompilationUnitSyntax Root)> Sources() =>
        from file in Files(s_root)
        let path = Path.GetRelativePath(s_root, file).Split(Path.DirectorySeparatorChar)
        select (path.Length == 1 ? "" : path[0], CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetCompilationUnitRoot());

    private static IEnumerable<string> Files(string root) =>
        Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Where(IsSource);

    private static bool IsSource(string file) =>
        !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
}
