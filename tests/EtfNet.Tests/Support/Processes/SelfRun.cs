using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace EtfNet.Tests.Support;

/// <summary>Runs these tests from this very program, for a machine that has no .NET SDK: <c>test [PART ...]</c>, where a part of the full
/// name selects.</summary>
internal static class SelfRun
{
    public const string Name = "test";

    /// <returns>0 if tests ran and none failed.</returns>
    public static int Run(string[] parts, TextWriter output)
    {
        // The tests take their number of threads from here, as they do under the test host.
        SingleThread.Set();
        var assembly = Assembly.GetExecutingAssembly();
        using var framework = new XunitTestFramework(new NullMessageSink());
        using var discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly));
        using var discovered = new Discovered();
        discoverer.Find(includeSourceInformation: false, discovered, new Options());
        discovered.Finished.WaitOne();
        var cases = discovered.Cases.Where(test =>
            parts.Length == 0 || parts.Any(part => test.TestMethod.TestClass.Class.Name.Contains(part, StringComparison.Ordinal)));

        using var executor = framework.GetExecutor(assembly.GetName());
        using var results = new Results(output);
        executor.RunTests(cases.ToArray(), results, new Options());
        results.Finished.WaitOne();
        output.WriteLine($"Failed: {results.Failed}, Passed: {results.Passed}, Skipped: {results.Skipped}");
        return results.Failed == 0 && results.Passed > 0 ? 0 : 1;
    }

    /// <summary>No parallel collections, as xunit.runner.json has it; everything else as by default.</summary>
    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = new() { ["xunit.execution.DisableParallelization"] = true };

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out var value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }

    private sealed class Discovered : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public List<ITestCase> Cases { get; } = [];

        public ManualResetEvent Finished { get; } = new(false);

        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestCaseDiscoveryMessage found)
                Cases.Add(found.TestCase);
            if (message is IDiscoveryCompleteMessage)
                Finished.Set();
            return true;
        }

        public void Dispose() => Finished.Dispose();
    }

    private sealed class Results(TextWriter output) : LongLivedMarshalByRefObject, IMessageSink, IDisposable
    {
        public ManualResetEvent Finished { get; } = new(false);

        public int Passed { get; private set; }

        public int Failed { get; private set; }

        public int Skipped { get; private set; }

        public bool OnMessage(IMessageSinkMessage message)
        {
            switch (message)
            {
                case ITestPassed:
                    Passed++;
                    break;
                case ITestSkipped skipped:
                    Skipped++;
                    output.WriteLine($"skipped {skipped.Test.DisplayName}: {skipped.Reason}");
                    break;
                case ITestFailed failed:
                    Failed++;
                    output.WriteLine($"FAILED {failed.Test.DisplayName}: {string.Join(Environment.NewLine, failed.Messages)}");
                    output.WriteLine(failed.StackTraces[0]);
                    break;
                case IErrorMessage error:
                    Failed++;
                    output.WriteLine($"FAILED outside of a test: {string.Join(Environment.NewLine, error.Messages)}");
                    break;
                case ITestAssemblyFinished:
                    Finished.Set();
                    break;
            }

            return true;
        }

        public void Dispose() => Finished.Dispose();
    }
}
