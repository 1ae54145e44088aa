using System.Text;

namespace EtfNet;

/// <summary>Brings what one rank writes to all others. An error of that rank reaches them instead.</summary>
internal static class RankBroadcast
{
    /// <summary>Gives all other ranks what this one writes.</summary>
    /// <param name="group">The ranks; the others call <see cref="Receive"/>.</param>
    /// <param name="write">Writes it. What it throws comes out here, and reaches the others as a <see cref="CollectiveException"/>.</param>
    /// <param name="purpose">What the calls are for; the same on all ranks.</param>
    public static void Send(ICollective group, Action<Stream> write, string purpose)
    {
        using var stream = new RankStream(group, group.Rank, purpose);
        try
        {
            write(stream);
        }
        catch (Exception exception) when (exception is not CollectiveException)
        {
            stream.Fail(Encoding.UTF8.GetBytes(RankFailure.Of(group.Rank, exception).Message));
            throw;
        }

        stream.Complete();
    }

    /// <summary>Takes what a rank writes by <see cref="Send"/>.</summary>
    /// <param name="group">The ranks.</param>
    /// <param name="root">The rank that writes.</param>
    /// <param name="read">Reads it. What it throws comes out here, after all was received.</param>
    /// <param name="purpose">What the calls are for; the same on all ranks.</param>
    /// <exception cref="CollectiveException">The writing rank failed.</exception>
    public static T Receive<T>(ICollective group, int root, Func<Stream, T> read, string purpose)
    {
        using var stream = new RankStream(group, root, purpose);
        try
        {
            var result = read(stream);
            stream.Drain();
            return stream.Failure is null ? result : throw Failed(stream.Failure);
        }
        catch (Exception exception) when (exception is not CollectiveException)
        {
            stream.Drain();
            if (stream.Failure is { } failure)
                throw Failed(failure);
            throw;
        }

        CollectiveException Failed(byte[] why) => new(CollectiveError.RankFailed, [root], Encoding.UTF8.GetString(why));
    }
}
