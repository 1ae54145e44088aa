using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;
using EtfNet.Benchmarks.Measuring.Limits;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>Native memory, which BenchmarkDotNet's own diagnoser does not see: bytes of the tensors held between runs, and the peak
/// resident memory of the timed part.</summary>
internal sealed class MemoryColumns : IDiagnoser
{
    private static readonly Descriptor s_live = new("LiveTensors", "Live tensors", "Bytes of tensors, weights, gradients and optimizer states held between runs");
    private static readonly Descriptor s_peak = new("PeakResident", "Peak resident", "Peak resident memory of the whole process while this was timed");

    private readonly Dictionary<BenchmarkCase, (long Live, long? Peak)> _measured = [];

    public IEnumerable<string> Ids => [nameof(MemoryColumns)];

    public IEnumerable<IExporter> Exporters => [];

    public IEnumerable<IAnalyser> Analysers => [];

    public RunMode GetRunMode(BenchmarkCase benchmarkCase) => RunMode.NoOverhead;

    public void Handle(HostSignal signal, DiagnoserActionParameters parameters)
    {
        switch (signal)
        {
            case HostSignal.BeforeAnythingElse:
                // Before the first subject is set up, on a machine as quiet as it will be for the subjects.
                _ = MachineLimits.OfThisRun;
                break;
            case HostSignal.BeforeActualRun:
                ResidentMemory.ResetPeak();
                break;
            case HostSignal.AfterActualRun when Subject.Current is { } subject:
                _measured[parameters.BenchmarkCase] = (subject.LiveTensorBytes, ResidentMemory.Peak());
                break;
        }
    }

    public IEnumerable<Metric> ProcessResults(DiagnoserResults results)
    {
        if (!_measured.TryGetValue(results.BenchmarkCase, out var measured))
            yield break;
        yield return new Metric(s_live, measured.Live);
        if (measured.Peak is { } peak)
            yield return new Metric(s_peak, peak);
    }

    public void DisplayResults(ILogger logger)
    {
    }

    public IEnumerable<ValidationError> Validate(ValidationParameters validationParameters) => [];

    private sealed record Descriptor(string Id, string DisplayName, string Legend) : IMetricDescriptor
    {
        public string NumberFormat => "0.##";

        public UnitType UnitType => UnitType.Size;

        public string Unit => "B";

        public bool TheGreaterTheBetter => false;

        public int PriorityInCategory => 0;

        public bool GetIsAvailable(Metric metric) => true;
    }
}
