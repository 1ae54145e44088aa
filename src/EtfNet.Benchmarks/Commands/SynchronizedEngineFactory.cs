using BenchmarkDotNet.Engines;

namespace EtfNet.Benchmarks.Commands;

/// <summary>Waits for the device once a sample, after its many launches: otherwise the time would be that of launching.</summary>
internal sealed class SynchronizedEngineFactory : IEngineFactory
{
    public IEngine CreateReadyToRun(EngineParameters engineParameters)
    {
        engineParameters.WorkloadActionNoUnroll = Synchronized(engineParameters.WorkloadActionNoUnroll);
        engineParameters.WorkloadActionUnroll = Synchronized(engineParameters.WorkloadActionUnroll);
        return new EngineFactory().CreateReadyToRun(engineParameters);
    }

    private static Action<long> Synchronized(Action<long> run) => count =>
    {
        run(count);
        RunSettings.Current.Synchronize();
    };
}
