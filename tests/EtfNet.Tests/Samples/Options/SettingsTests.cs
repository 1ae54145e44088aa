using EtfNet.Samples;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Options;

public sealed class SettingsTests
{
    [Fact]
    public void Bind_TextOfOptions_SetsThoseAndNoOthers()
    {
        var settings = Settings.Parse(
            "epsilon=0.3 max-per-epoch=4", "frame=aligned:20 decision=exact max-output-error=infinity epsilon=0.2");

        var options = settings.Bind(AdaptiveEtfOptions.Paper);

        options.Should().Be(AdaptiveEtfOptions.Paper with
        {
            Epsilon = 0.2,
            MaxPerEpoch = 4,
            Frame = EtfFrame.Aligned(20),
            Decision = FixDecision.Exact,
            MaxOutputError = double.PositiveInfinity,
        });
        settings.Bind(new Recipe()).Should().Be(new Recipe());
    }

    [Fact]
    public void Bind_EveryKindOfValue_IsRead()
    {
        var settings = Settings.Read(
            "--milestones 7,14 --mirror --learning-rate=0.1 --include head,block* --require-confidence true word".Split(' '),
            TrainingRun.Options);

        var run = new TrainingRun("run", settings);

        run.Recipe.Milestones.Should().Equal(7, 14);
        (run.Recipe.Mirror, run.Recipe.LearningRate, run.Etf.RequireConfidence).Should().Be((true, 0.1, true));
        run.Etf.Include.Should().Equal("head", "block*");
        settings.Words.Should().Equal("word");
    }

    [Theory]
    [InlineData("--mirror", true, "")]
    [InlineData("--mirror=false", false, "")]
    [InlineData("--mirror false", false, "")]
    [InlineData("--mirror False word", false, "word")]
    [InlineData("--mirror true", true, "")]
    [InlineData("--mirror word", true, "word")]
    [InlineData("--mirror --epochs 3", true, "")]
    public void Read_Switch_TakesTrueAndFalseWithAndWithoutASign(string arguments, bool mirror, string word)
    {
        var settings = Settings.Read(arguments.Split(' '), TrainingRun.Options);

        new TrainingRun("run", settings).Recipe.Mirror.Should().Be(mirror);
        string.Concat(settings.Words).Should().Be(word);
    }

    [Theory]
    [InlineData("--mirror maybe", "maybe: give options as --name=value")]
    [InlineData("--mirror=maybe", "--mirror maybe: give true or false")]
    [InlineData("-epochs 3", "-epochs: give options as --name=value")]
    public void WithoutWords_ArgumentOfNoOption_IsNamed(string arguments, string named) => FluentActions
        .Invoking(() => Settings.Read(arguments.Split(' '), TrainingRun.Options).WithoutWords())
        .Should().Throw<SampleException>().WithMessage(named + "*");

    [Theory]
    [InlineData("identity", "Identity")]
    [InlineData("nearest:columns", "Nearest or columns")]
    [InlineData("means:9", "Aligned(rank 9, class means)")]
    [InlineData("energy:0.9", "Aligned(energy 0.9, rank at most 1048576)")]
    [InlineData("dense", "DenseRandom(seed 0)")]
    public void Bind_Frame_IsTheFrameOfThatText(string text, string frame) =>
        Settings.Parse($"frame={text}").Bind(new AdaptiveEtfOptions()).Frame!.ToString().Should().Be(frame);

    [Theory]
    [InlineData("--methud adaptive", "did you mean --method?")]
    [InlineData("--epoch 3", "did you mean --epochs?")]
    [InlineData("--max-outputerror 3", "did you mean --max-output-error?")]
    [InlineData("--nonsense", "no option --nonsense;")]
    [InlineData("--epochs x", "--epochs x: give a whole number")]
    [InlineData("--epochs 3.0", "--epochs 3.0: give a whole number")]
    [InlineData("--epochs", "--epochs : give a whole number")]
    [InlineData("--epochs --seed 2", "--epochs : give a whole number")]
    [InlineData("--epochs 1 --epochs 2", "--epochs is given twice")]
    [InlineData("--learning-rate 0,1", "--learning-rate 0,1: give a number")]
    [InlineData("--method none", "give one of watch, adaptive, plain")]
    [InlineData("--method 1", "give one of watch, adaptive, plain")]
    [InlineData("--frame aligned:x", "aligned:RANK")]
    [InlineData("--epsilon 2", "--epsilon 2: Must lie in (0, 1)")]
    [InlineData("--epsilon NaN", "--epsilon NaN: Must lie in (0, 1)")]
    [InlineData("--epochs 0", "--epochs 0: must be at least 1")]
    [InlineData("--batch-size 1", "must be at least 2")]
    [InlineData("--learning-rate -1", "must be above 0")]
    [InlineData("--momentum 1", "must lie in [0, 1)")]
    [InlineData("--milestones 7,7", "must ascend")]
    [InlineData("--milestones 7,x", "whole numbers such as 7,14")]
    [InlineData("--patience 0", "--patience 0")]
    [InlineData("--rates linear2@x:1", "is no LAYER@EPOCH:FACTOR")]
    [InlineData("--label-noise 1.5", "must lie in [0, 1]")]
    [InlineData("--train-samples 1", "must be at least 2")]
    [InlineData("--layers 0", "must be at least 1")]
    public void Run_BadOption_IsOneLineThatNamesIt(string arguments, string named) => FluentActions
        .Invoking(() => new TrainingRun("", Settings.Read(arguments.Split(' '), TrainingRun.Options)))
        .Should().Throw<SampleException>().Which.Message.Should().Contain(named).And.NotContain("\n").And.NotContain("Parameter");

    [Fact]
    public void Bind_AnonymousObject_KeepsWhatIsNotGivenAndRefusesWhatIsNotPositive()
    {
        var defaults = new { Epochs = 8, Epsilon = 0.2, Out = "out" };

        Settings.Parse("epochs=3").Bind(defaults).Should().Be(new { Epochs = 3, Epsilon = 0.2, Out = "out" });
        FluentActions.Invoking(() => Settings.Parse("epsilon=0").Bind(defaults)).Should().Throw<SampleException>()
            .WithMessage("--epsilon 0:*above 0.");
    }

    [Fact]
    public void Checked_UnknownOption_IsNamed() => FluentActions.Invoking(() => Settings.Parse("epsilom=0.1").Checked(TrainingRun.Options))
        .Should().Throw<SampleException>().WithMessage("*epsilom (did you mean --epsilon?)*");

    [Fact]
    public void Help_Records_ListsEveryOption() =>
        new TrainingRun("", Settings.Parse("epsilon=0.2")).Help.Should()
            .ContainAll("--epsilon", "0.2", "--milestones", "--frame", "--stochastic-depth");
}
