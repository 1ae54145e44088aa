using BenchmarkDotNet.Analysers;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;

namespace EtfNet.Benchmarks.Commands;

/// <summary>Columns of what BenchmarkDotNet does not know: native memory, and what the work must move and compute.</summary>
internal sealed class SubjectColumns : IDiagnoser
{
    private readonly Dictionary<BenchmarkCase, Metric[]> _measured = [];

    public IEnumerable<string> Ids => [nameof(SubjectColumns)];

    public IEnumerable<IExporter> Exporters => [];

    public IEnumerable<IAnalyser> Analysers => [];

    public RunMode GetRunMode(BenchmarkCase benchmarkCase) => RunMode.NoOverhead;

    public void Handle(HostSignal signal, DiagnoserActionParameters parameters)
    {
        if (signal == HostSignal.BeforeActualRun)
            ResidentMemory.ResetPeak();
        if (signal == HostSignal.AfterActualRun && Subject.Current is { } subject)
            _measured[parameters.BenchmarkCase] = Metrics(subject, subject.CostOf(parameters.BenchmarkCase.Descriptor.WorkloadMethod.Name));
    }

    public IEnumerable<Metric> ProcessResults(DiagnoserResults results) => _measured.GetValueOrDefault(results.BenchmarkCase, []);

    public void DisplayResults(ILogger logger)
    {
    }

    public IEnumerable<ValidationError> Validate(ValidationParameters validationParameters) => [];

    private static Metric[] Metrics(Subject subject, Cost cost) =>
    [
        Of("Live tensors", "B", "Bytes of tensors, weights, gradients and optimizer states held between runs", subject.LiveTensorBytes),
        Of("Peak resident", "B", "Peak resident memory of the whole process while this was timed", ResidentMemory.Peak()),
        Of("Must move", "B", "Bytes that the work must read and write in any formulation", cost.Bytes),
        Of("Operations", "", "Additions and multiplications in any formulation", cost.Operations),
        Of("In float64", "", "1 where the operations are in float64 by contract", cost.IsDouble ? 1 : 0),
    ];

    private static Metric Of(string name, string unit, string legend, double value) => new(new Column(name, unit, legend), value);

    private sealed record Column(string DisplayName, string Unit, string Legend) : IMetricDescriptor
    {
        public string Id => DisplayName;

        public string NumberFormat => "0.##";

        public UnitType UnitType => Unit == "B" ? UnitType.Size : UnitType.Dimensionless;

        public bool TheGreaterTheBetter => false;

        public int PriorityInCategory => 0;

        public bool GetIsAvailable(Metric metric) => true;
    }
}
