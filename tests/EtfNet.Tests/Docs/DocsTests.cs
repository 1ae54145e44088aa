using System.Diagnostics;
using System.Text.RegularExpressions;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Docs;

public sealed partial class DocsTests
{
    public static TheoryData<string> Pages => [.. Repository.Pages()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void CodeBlocks_OfEveryPage_Compile(string page) => Blocks(page).SelectMany(BlockCompiler.Errors).Should().BeEmpty();

    [Fact]
    public void CodeBlocks_MisspelledName_IsFound() =>
        BlockCompiler.Errors(new CodeBlock("page.md", 7, "model.ApplyAdaptiveEtv(0.1);\n"))
            .Should().ContainSingle().Which.Should().StartWith("page.md:7: CS1061");

    /// <summary>In a process of its own: it draws from torch's global generator.</summary>
    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/getting-started.md")]
    public async Task FirstBlock_OfAPageForNewUsers_RunsAndPrintsAFixedLayer(string page)
    {
        using var folder = new TemporaryFolder();
        var (program, tests) = (folder.File("readme.dll"), typeof(DocsTests).Assembly.Location);
        var block = Blocks(page)[0];
        block.IsProgram.Should().BeTrue();
        BlockCompiler.Emit(block, program);
        File.Copy(Path.ChangeExtension(tests, ".runtimeconfig.json"), folder.File("readme.runtimeconfig.json"));

        // The program finds the library, TorchSharp and libtorch where the tests do.
        var dependencies = Path.ChangeExtension(tests, ".deps.json");
        var start = new ProcessStartInfo(Environment.ProcessPath!,
        [
            "exec", "--depsfile", dependencies, "--additional-deps", dependencies,
            "--runtimeconfig", folder.File("readme.runtimeconfig.json"), program,
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
            Environment = { ["OMP_NUM_THREADS"] = "1" },
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        process.ExitCode.Should().Be(0, await error);
        output.Should().MatchRegex(@"NCC error \d\.\d{4}  fixed  ");
    }

    /// <summary>Every path that a command or a link names is there.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void Paths_InCommandsAndLinks_Exist(string page)
    {
        var text = File.ReadAllText(Repository.Path(page));
        var linked = Links().Matches(text).Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('#'))
            .Select(link => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Repository.Path(page))!, link.Split('#')[0])));
        var named = Projects().Matches(text).Select(match => Repository.Path(match.Groups[1].Value));

        linked.Concat(named).Where(path => !Path.Exists(path)).Should().BeEmpty();
    }

    private static IReadOnlyList<CodeBlock> Blocks(string page) => CodeBlock.Read(page, File.ReadAllText(Repository.Path(page)));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Links();

    [GeneratedRegex(
        @"(?:--project |dotnet pack |dotnet build |^(?:bash |\./)?)((?:samples|src|tests|eng|\.ci)/[\w./-]+)", RegexOptions.Multiline)]
    private static partial Regex Projects();
}
