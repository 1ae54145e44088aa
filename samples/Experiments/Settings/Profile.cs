namespace EtfNet.Samples;

/// <summary>How much of an experiment is run.</summary>
internal enum Profile
{
    /// <summary>All of it, on the full data.</summary>
    Full,

    /// <summary>Enough to see it work, on the embedded data within three minutes.</summary>
    Quick,

    /// <summary>Every part of it once, within ten seconds.</summary>
    Smoke,
}

/// <summary>What an experiment is asked for.</summary>
/// <param name="Profile">How much of it.</param>
/// <param name="Data">As in <c>--data</c>.</param>
/// <param name="Seeds">The seeds, in their order.</param>
internal sealed record Request(Profile Profile, string Data, IReadOnlyList<int> Seeds)
{
    private const int SmokeSamples = 1000;

    public bool IsFull => Profile == Profile.Full;

    /// <summary>One of three, by the profile.</summary>
    public T Pick<T>(T full, T quick, T smoke) => Profile switch { Profile.Full => full, Profile.Quick => quick, _ => smoke };

    public DataSettings AllData => Profile == Profile.Smoke ? new DataSettings(Data) { TrainSamples = SmokeSamples, TestSamples = SmokeSamples / 2 } : new DataSettings(Data);

    /// <summary>The main job's network, or a smaller one.</summary>
    public Mlp MainNetwork => Pick(new Mlp(400, 7), new Mlp(128, 5), new Mlp(24, 3));

    /// <summary>The main job's regime: the learning rate is cut after a third and two thirds of the epochs.</summary>
    public TrainingRecipe MainRecipe(int seed, int? epochs = null) => Sgd(epochs ?? Pick(21, 9, 3), seed);

    /// <summary>The main job's regime over some epochs.</summary>
    public static TrainingRecipe Sgd(int epochs, int seed) => new() { Epochs = epochs, Milestones = [.. new[] { epochs / 3, 2 * epochs / 3 }.Where(epoch => epoch > 0).Distinct()], Seed = seed };
}
