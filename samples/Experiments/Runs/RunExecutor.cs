using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Trains what settings say, and keeps the data from one run to the next.</summary>
/// <param name="load">Loads the data of a name, as in <c>--data</c>.</param>
/// <param name="threads">The threads to compute with.</param>
/// <param name="device">What to compute on.</param>
/// <param name="clock">What times are taken from.</param>
internal sealed class RunExecutor(Func<string, ImageData> load, int threads, Device device, TimeProvider clock) : IDisposable
{
    /// <summary>Which images are drawn where not all are taken: the same for all seeds.</summary>
    private const int DrawSeed = 1;

    private (DataSettings Settings, int Seed)? _current;
    private (ImageData Images, TensorSet Train, TensorSet Test)? _data;

    /// <summary>Loads what a run needs, so that missing data are found before anything is trained.</summary>
    public void Prepare(ExperimentRun run)
    {
        if (_current is { } current && current.Settings == run.Settings.Data && (current.Seed == run.Seed || run.Settings.Data.LabelNoise is null))
            return;
        var images = _current?.Settings.Source == run.Settings.Data.Source ? _data!.Value.Images : load(run.Settings.Data.Source);
        Dispose();
        var (train, test) = TensorSet.Standardize(images, device);
        train = Replace(train, run.Settings.Data.TrainSamples is { } most ? train.Draw(most, DrawSeed) : null);
        test = Replace(test, run.Settings.Data.TestSamples is { } mostTests ? test.Draw(mostTests, DrawSeed) : null);
        train = Replace(train, run.Settings.Data.LabelNoise is > 0 and var chance ? train.WithRandomLabels(chance, images.ClassCount, run.Seed) : null);
        (_current, _data) = ((run.Settings.Data, run.Seed), (images, train, test));
    }

    public void Run(ExperimentRun run, ITrainingListener listener, ITrainingMemory? memory, CancellationToken cancellation)
    {
        Prepare(run);
        var (images, train, test) = _data!.Value;
        var trainer = new Trainer(train, test, run.Settings.Recipe with { Threads = threads, Device = device }, clock);
        trainer.Run(run.Settings.Network.For(images, train, test, run.Seed), run.Settings.Method.For(run.Seed), listener, cancellation, memory,
            run.Settings.Geometry == true ? model => ClassMeanGeometry.Measure(model, train) : null);
    }

    public void Dispose()
    {
        _data?.Train.Dispose();
        _data?.Test.Dispose();
        (_current, _data) = (null, null);
    }

    private static TensorSet Replace(TensorSet old, TensorSet? replacement)
    {
        if (replacement is not null)
            old.Dispose();
        return replacement ?? old;
    }
}
