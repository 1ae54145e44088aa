using Microsoft.Extensions.Logging;

namespace EtfNet.Samples;

/// <summary>The smallest logger: a line a message. Any <c>ILogger</c> does, such as one of Microsoft.Extensions.Logging.Console or Serilog.</summary>
internal sealed class LineLogger(TextWriter output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            output.WriteLine($"{logLevel,-11} {eventId.Id}  {formatter(state, exception)}");
    }
}
