using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Fuzzing;

public sealed class FuzzTests
{
    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Parsers_CommittedAndDamagedInputs_AreReadOrRefused(string name)
    {
        var target = FuzzTarget.All.Single(target => target.Name == name);
        var seeds = Corpus.Of(target);
        var fuzzer = new Fuzzer(target, seeds);

        foreach (var input in seeds)
            fuzzer.Try(input).Should().BeNull();
        fuzzer.Read.Should().BePositive("a corpus holds valid inputs");
        for (var number = 0; number < 2000; number++)
            fuzzer.Try(fuzzer.Input(seed: 5, number)).Should().BeNull("of input {0}", number);
        fuzzer.Refused.Should().BePositive("damaged inputs are refused");
    }

    [Fact]
    public void Fuzzer_ParserThatThrowsAnythingElse_IsFound() =>
        new Fuzzer(new FuzzTarget("bad", _ => throw new NotSupportedException("there"), typeof(InvalidDataException)), [])
            .Try([1]).Should().Contain("NotSupportedException").And.Contain("there");

    [Fact]
    public void Fuzzer_ParserThatTrustsASize_IsFound() =>
        new Fuzzer(new FuzzTarget("greedy", bytes => GC.KeepAlive(new byte[10_000_000]), typeof(InvalidDataException)), [])
            .Try([1]).Should().Contain("allocated");

    [Fact]
    public void Command_UnknownArgument_NamesItAndWhatIsKnown()
    {
        using var error = new StringWriter();
        FuzzCommand.Run(["--only", "nothing"], TextWriter.Null, error).Should().Be(2);
        error.ToString().Should().Contain("--only").And.Contain("state");
    }
}
