using EtfNet.Samples;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Experiments;

public sealed class ExperimentsTests
{
    public static TheoryData<string, string> All
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var experiment in EtfNet.Samples.Experiments.All)
                foreach (var profile in Enum.GetNames<Profile>())
                    data.Add(experiment.Name, profile);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Runs_AnyProfile_HaveKeysOfTheirOwnAndSettingsThatCanBeBuilt(string name, string profile)
    {
        var runs = Runs(name, Enum.Parse<Profile>(profile), 0, 1, 2);

        runs.Select(run => run.Key).Should().OnlyHaveUniqueItems().And.OnlyContain(key => key.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '.' || letter == '-'));
        runs.Should().OnlyContain(run => run.Settings.Recipe.Seed == run.Seed);
        runs.Select(run => run.Settings.Method.For(run.Seed)).Should().NotContainNulls();
        foreach (var run in runs)
            RunRecord.Read(new RunRecord("machine", null, 1, []).Write(name, run), name, run, whole: false, out _).Should().BeNull();
    }

    [Fact]
    public void Runs_Speed_AlternatesTheOrder()
    {
        var runs = Runs("speed", Profile.Full, 0, 1);
        var count = runs.Count / 2;

        runs.Skip(count).Select(run => run.Variant).Should().Equal(runs.Take(count).Reverse().Select(run => run.Variant));
    }

    [Fact]
    public void Runs_Adaptive_HasOneSeedAtFullLengthAndAllAtSixtyEpochs()
    {
        var runs = Runs("adaptive", Profile.Full, 0, 1, 2);

        runs.Where(run => run.Settings.Recipe.Epochs == 300).Select(run => run.Seed).Distinct().Should().Equal(0);
        runs.Where(run => run.Settings.Recipe.Epochs == 60).Select(run => run.Seed).Distinct().Should().Equal(0, 1, 2);
        runs.First(run => run.Settings.Recipe.Epochs == 300).Settings.Recipe.Milestones.Should().Equal(100, 200);
    }

    [Fact]
    public void Runs_EpsilonSweep_IsTheMainJobsRegime()
    {
        var run = Runs("epsilon-sweep", Profile.Full, 0)[0];

        run.Settings.Recipe.Should().BeEquivalentTo(new TrainingRecipe { Seed = 0 });
        run.Settings.Network.Should().Be(new MlpSettings(new Mlp(400, 7)));
    }

    private static IReadOnlyList<ExperimentRun> Runs(string name, Profile profile, params int[] seeds) =>
        EtfNet.Samples.Experiments.Find(name).Runs(new Request(profile, ExperimentProgram.DefaultData(profile), seeds));
}
