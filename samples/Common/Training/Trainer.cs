using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Trains classifiers on one data set by one recipe; two runs of the same recipe see the same weights at first and the same batches.</summary>
public sealed class Trainer(TensorSet train, TensorSet test, TrainingRecipe recipe)
{
    /// <summary>Trains a new model to the end of the recipe and tells the listener each epoch.</summary>
    /// <exception cref="OperationCanceledException">Cancellation was asked for; the batch in progress was finished first.</exception>
    public void Run(
        Func<nn.Module<Tensor, Tensor>> createModel, LayerMethod method, ITrainingListener listener, CancellationToken cancellation)
    {
        // OpenMP keeps its number of threads per calling thread, so it is set where the training runs.
        set_num_threads(recipe.Threads);
        manual_seed(recipe.Seed);
        using var model = createModel().to(recipe.Device);
        using var order = new Generator((ulong)recipe.Seed);
        using var watch = method.Attach(model, () => recipe.CreateOptimizer(model));
        var schedule = recipe.CreateSchedule(watch.Optimizer);
        for (var epoch = 1; epoch <= recipe.Epochs; epoch++)
        {
            var learningRate = watch.Optimizer.ParamGroups.First().LearningRate;
            var clock = Stopwatch.StartNew();
            var watching = new Stopwatch();
            var loss = TrainEpoch(model, watch, order, watching, (done, total) => listener.BatchEnded(epoch, done, total), cancellation);
            watching.Start();
            var layers = watch.EndEpoch();
            watching.Stop();
            var seconds = clock.Elapsed.TotalSeconds - (watch.IsPartOfTraining ? 0 : watching.Elapsed.TotalSeconds);
            schedule.step();
            listener.EpochEnded(new EpochResult(
                epoch, loss, learningRate, Accuracy.Measure(model, train), Accuracy.Measure(model, test),
                seconds, watching.Elapsed.TotalSeconds, model.MeasureFootprint(watch.Optimizer), layers));
        }
    }

    private double TrainEpoch(
        nn.Module<Tensor, Tensor> model, LayerWatch watch, Generator order, Stopwatch watching, Action<int, int> batchEnded, CancellationToken cancellation)
    {
        model.train();
        using var totalLoss = zeros(1, dtype: ScalarType.Float64, device: recipe.Device);
        var (done, total) = (0, train.BatchCount(recipe.BatchSize));
        foreach (var (x, y) in train.Batches(recipe.BatchSize, order))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            watch.Optimizer.zero_grad();
            var loss = nn.functional.cross_entropy(model.call(x), y);
            if (loss.requires_grad)
            {
                // Otherwise every layer is fixed and nothing is left to train.
                loss.backward();
                watch.Optimizer.step();
            }

            totalLoss.add_(loss.detach().to(ScalarType.Float64), alpha: (double)y.shape[0] / train.Count);
            watching.Start();
            watch.Observe(y);
            watching.Stop();
            batchEnded(++done, total);
        }

        return totalLoss.item<double>();
    }
}
