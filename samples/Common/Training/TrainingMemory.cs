namespace EtfNet.Samples;

/// <summary>Keeps a run's state between epochs: a run that was stopped continues where it was and ends as if it had not been.</summary>
/// <param name="FinishedEpochs">The epochs whose state is kept; 0: the run begins at the first.</param>
/// <param name="LoadFrom">The path of that state; null: there is none.</param>
/// <param name="Save">May keep the state after an epoch, by a function that writes files whose names begin with a path.</param>
public sealed record TrainingMemory(int FinishedEpochs, string? LoadFrom, Action<int, Func<string, string>> Save);
