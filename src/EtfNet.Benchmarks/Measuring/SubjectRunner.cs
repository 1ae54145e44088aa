using EtfNet.Benchmarks.PyTorch;
using EtfNet.Benchmarks.Setup;

namespace EtfNet.Benchmarks.Measuring;

/// <summary>Measures the methods of subjects in turn, PyTorch's counterparts among them.</summary>
/// <param name="settings">Device and threads.</param>
/// <param name="budget">The time for one group.</param>
/// <param name="peer">PyTorch, where there is one.</param>
internal sealed class SubjectRunner(RunSettings settings, TimeSpan budget, PythonPeer? peer)
{
    /// <summary>Measures a group, everything in it alternating.</summary>
    public IReadOnlyList<WorkResult> Measure(params IReadOnlyList<Subject> group)
    {
        settings.Apply();
        var alternation = new Alternation(budget, settings.Synchronize);
        List<WorkResult> results = [];
        List<Func<double>> timers = [];
        try
        {
            foreach (var subject in group)
            {
                subject.Setup();
                foreach (var method in subject.Methods)
                {
                    var step = method.CreateDelegate<Action>(subject);
                    timers.Add(alternation.Timed(step));
                    ResidentMemory.ResetPeak();
                    step();
                    settings.Synchronize();
                    results.Add(new WorkResult(subject.GetType().Name, subject.ShapeName, method.Name, 0, subject.CostOf(method.Name))
                    {
                        LiveTensorBytes = subject.LiveTensorBytes,
                        PeakResidentBytes = ResidentMemory.Peak(),
                    });
                }
            }

            foreach (var (subject, work) in peer is null ? [] : group.SelectMany(subject => subject.Peers, (subject, work) => (subject, work)))
            {
                timers.Add(peer!.Timer(work));
                results.Add(new WorkResult(subject.GetType().Name, subject.ShapeName, $"PyTorch {peer.Version}: {work.Work}", 0, subject.CostOf(work.Like)) { Like = work.Like });
            }

            var medians = alternation.Medians(timers);
            // The methods of one subject are compared with its first; several subjects with the first one's same method.
            var same = group.Count > 1;
            return [.. results.Zip(medians, (result, median) => result with
            {
                MedianMs = median,
                OfFirst = median / medians[same ? results.FindIndex(other => other.Method == result.Like) : 0],
            })];
        }
        finally
        {
            foreach (var subject in group)
                subject.Dispose();
            peer?.Release();
        }
    }
}
