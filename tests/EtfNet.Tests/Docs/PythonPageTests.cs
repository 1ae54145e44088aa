using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Docs;

/// <summary>The Python block of docs/how-to/python.md, run as it is there.</summary>
public sealed class PythonPageTests
{
    private const string Page = "docs/how-to/python.md";
    private const string Fence = "```python\n";

    /// <summary>Debian's PyTorch comes without the package safetensors: the fixtures' reader stands for its <c>load_file</c>.</summary>
    private const string LoadFile = "\n\ndef load_file(path):\n    return read(path)[0]\n";

    private const string Compare = """

        inputs = torch.arange(64, dtype=torch.float32).reshape(4, 16) / 64
        print(" ".join(repr(value) for value in model(inputs).detach().reshape(-1).tolist()))
        """;

    [PythonFact]
    public void Block_OnAMaterializedModel_GivesTheOutputsOfTheFixedOne()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        manual_seed(3);
        using var model = nn.Sequential(("fc1", nn.Linear(16, 16)), ("act", nn.ReLU()), ("head", nn.Linear(16, 4)));
        model.ApplyEtf(EtfFrame.Random(7), "fc1");
        model.ApplyEtf(EtfFrame.Nearest, "head");
        model.eval();
        var here = model.call(arange(64, float32).reshape(4, 16) / 64).data<float>().ToArray();
        model.MaterializeEtf();
        var weights = folder.File("model.safetensors");
        model.SaveSafetensors(weights);

        Directory.CreateDirectory(folder.File("safetensors"));
        File.WriteAllText(folder.File("safetensors/__init__.py"), "");
        var reader = File.ReadAllText(Repository.Path("tests/EtfNet.Tests/Fixtures/interchange.py"));
        File.WriteAllText(folder.File("safetensors/torch.py"), reader[..reader.IndexOf("def write", StringComparison.Ordinal)] + LoadFile);
        var page = File.ReadAllText(Repository.Path(Page)).ReplaceLineEndings("\n");
        var start = page.IndexOf(Fence, StringComparison.Ordinal) + Fence.Length;
        var block = page[start..page.IndexOf("```", start, StringComparison.Ordinal)];
        block.Should().Contain("\"model.safetensors\"");
        File.WriteAllText(folder.File("block.py"),
            block.Replace("\"model.safetensors\"", $"r\"{weights}\"", StringComparison.Ordinal) + Compare);

        var there = PythonTorch.Run(folder.File("block.py")).Split(' ', StringSplitOptions.TrimEntries)
            .Select(value => float.Parse(value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        there.Should().HaveSameCount(here);
        for (var i = 0; i < here.Length; i++)
            there[i].Should().BeApproximately(here[i], 1e-5f);
    }

    /// <summary>The page on F# shows what the consumer's program is compiled from.</summary>
    [Fact]
    public void FSharpBlocks_AreLinesOfTheConsumersProgram()
    {
        var program = File.ReadAllLines(Repository.Path("eng/consumer/Program.fs")).Select(line => line.Trim()).ToHashSet();
        var (inside, shown) = (false, new List<string>());
        foreach (var line in File.ReadAllLines(Repository.Path("docs/how-to/fsharp.md")))
            if (line.StartsWith("```", StringComparison.Ordinal))
                inside = line == "```fsharp";
            else if (inside && line.Trim() is { Length: > 0 } text && !text.StartsWith("//", StringComparison.Ordinal))
                shown.Add(text);
        shown.Should().HaveCountGreaterThan(12);
        shown.Where(line => !program.Contains(line)).Should().BeEmpty();
    }
}
