using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Trains classifiers on one data set by one recipe; two runs of the same recipe see the same weights at first and the same batches.</summary>
/// <param name="train">What to train on.</param>
/// <param name="test">What to test with.</param>
/// <param name="recipe">How.</param>
/// <param name="clock">What times are taken from; by default the system's.</param>
public sealed class Trainer(TensorSet train, TensorSet test, TrainingRecipe recipe, TimeProvider? clock = null)
{
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    /// <summary>Trains a new model to the end of the recipe and tells the listener each epoch.</summary>
    /// <param name="createModel">Makes the model; weights from torch's global generator.</param>
    /// <param name="method">What is done with its layers.</param>
    /// <param name="listener">Is told what happens.</param>
    /// <param name="cancellation">Asks to stop.</param>
    /// <param name="memory">Keeps the run's state between epochs, and gives it back to go on from; null keeps none.</param>
    /// <param name="measure">Measured on the model after each epoch, outside of all times; null for nothing.</param>
    /// <exception cref="OperationCanceledException">Cancellation was asked for; the batch in progress was finished first.</exception>
    public void Run(
        Func<nn.Module<Tensor, Tensor>> createModel, LayerMethod method, ITrainingListener listener, CancellationToken cancellation,
        ITrainingMemory? memory = null, Func<nn.Module<Tensor, Tensor>, IReadOnlyList<LayerGeometry>>? measure = null)
    {
        // OpenMP keeps its number of threads per calling thread, so it is set where the training runs.
        set_num_threads(recipe.Threads);
        manual_seed(recipe.Seed);
        using var model = createModel().to(recipe.Device);
        using var order = new Generator((ulong)recipe.Seed);
        using var watch = method.Attach(model, () => recipe.CreateOptimizer(model));
        var schedule = recipe.CreateSchedule(watch.Optimizer);
        var done = memory?.FinishedEpochs ?? 0;
        if (done > 0)
        {
            Skip(done, order, schedule);
            memory!.Restore(watch);
        }

        for (var epoch = done + 1; epoch <= recipe.Epochs; epoch++)
        {
            var learningRate = watch.Optimizer.ParamGroups.First().LearningRate;
            var start = _clock.GetTimestamp();
            var (loss, watching) = TrainEpoch(model, watch, order, (count, total) => listener.BatchEnded(epoch, count, total), cancellation);
            var end = _clock.GetTimestamp();
            var layers = watch.EndEpoch();
            watching += _clock.GetElapsedTime(end);
            var seconds = (_clock.GetElapsedTime(start) - (watch.IsPartOfTraining ? TimeSpan.Zero : watching)).TotalSeconds;
            schedule.step();
            listener.EpochEnded(new EpochResult(
                epoch, loss, learningRate, Accuracy.Measure(model, train), Accuracy.Measure(model, test),
                seconds, watching.TotalSeconds, model.MeasureFootprint(watch.Optimizer), layers, measure?.Invoke(model)));
            memory?.Save(epoch, watch);
        }
    }

    /// <summary>Brings what follows from the number of epochs alone to where they leave it; the learning rates themselves come back with the optimizer.</summary>
    private void Skip(int epochs, Generator order, optim.lr_scheduler.LRScheduler schedule)
    {
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            train.SkipBatches(order, recipe.Mirror == true);
            schedule.step();
        }
    }

    private (double Loss, TimeSpan Watching) TrainEpoch(
        nn.Module<Tensor, Tensor> model, LayerWatch watch, Generator order, Action<int, int> batchEnded, CancellationToken cancellation)
    {
        model.train();
        using var totalLoss = zeros(1, dtype: ScalarType.Float64, device: recipe.Device);
        var watching = TimeSpan.Zero;
        var (done, total) = (0, train.BatchCount(recipe.BatchSize));
        foreach (var (x, y) in train.Batches(recipe.BatchSize, order, recipe.Mirror == true))
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
            var start = _clock.GetTimestamp();
            watch.Observe(y);
            watching += _clock.GetElapsedTime(start);
            batchEnded(++done, total);
        }

        return (totalLoss.item<double>(), watching);
    }
}
