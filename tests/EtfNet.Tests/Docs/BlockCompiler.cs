using System.Globalization;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace EtfNet.Tests.Docs;

/// <summary>Compiles a block of code as a program against the assemblies that the tests run with.</summary>
internal static class BlockCompiler
{
    private static readonly CSharpParseOptions s_language = new(LanguageVersion.Preview);

    private static readonly Lazy<IReadOnlyList<MetadataReference>> s_references = new(() =>
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ]);

    /// <summary>What is wrong with a block, each as the page's line and the compiler's message; empty: nothing.</summary>
    public static IReadOnlyList<string> Errors(CodeBlock block) =>
        [.. Compile(block).GetDiagnostics().Where(found => found.Severity == DiagnosticSeverity.Error).Select(Text)];

    /// <summary>Writes a block as an assembly with an entry point.</summary>
    public static void Emit(CodeBlock block, string path)
    {
        using var stream = File.Create(path);
        var result = Compile(block).Emit(stream);
        if (!result.Success)
            throw new InvalidOperationException(string.Join('\n', result.Diagnostics.Select(Text)));
    }

    private static CSharpCompilation Compile(CodeBlock block)
    {
        var trees = new List<SyntaxTree>
        {
            CSharpSyntaxTree.ParseText(Preamble.ImplicitUsings, s_language),
            CSharpSyntaxTree.ParseText($"#line {block.Line} \"{block.Page}\"\n{block.Code}", s_language, $"{block.Page}.cs"),
        };
        if (!block.IsProgram)
            trees.Add(CSharpSyntaxTree.ParseText(Preamble.Given, s_language));
        var types = !trees[1].GetCompilationUnitRoot().Members.OfType<Microsoft.CodeAnalysis.CSharp.Syntax.GlobalStatementSyntax>().Any();
        var options = new CSharpCompilationOptions(types ? OutputKind.DynamicallyLinkedLibrary : OutputKind.ConsoleApplication,
            nullableContextOptions: NullableContextOptions.Enable);
        return CSharpCompilation.Create("Block", trees, s_references.Value, options);
    }

    private static string Text(Diagnostic found)
    {
        var place = found.Location.GetMappedLineSpan();
        return $"{place.Path}:{place.StartLinePosition.Line + 1}: {found.Id} {found.GetMessage(CultureInfo.InvariantCulture)}";
    }
}
