using System.Runtime.CompilerServices;

namespace EtfNet;

/// <summary>
/// A group of processes that train one model together. Each is a rank, and all ranks make the same calls in the same order.
/// </summary>
/// <remarks>
/// Every method is a collective call: it returns when all ranks have made it. The calls of the ranks must agree in kind, length, root and
/// purpose. If they do not, or if a rank is missing for too long, has left or has failed, every waiting rank gets a
/// <see cref="CollectiveException"/>, and the group can no longer be used. Use one thread at a time per rank. <see cref="MpiCollective"/>
/// implements it over Open MPI.
/// </remarks>
public interface ICollective
{
    /// <summary>Gets the number of this rank, from 0 to <see cref="Size"/> - 1.</summary>
    int Rank { get; }

    /// <summary>Gets the number of ranks, at least 1.</summary>
    int Size { get; }

    /// <summary>Replaces each value with its sum over all ranks, bit for bit the same on every rank.</summary>
    /// <param name="values">The values; of the same length on all ranks, which may be 0.</param>
    /// <param name="purpose">
    /// What the call is for, shown in messages; the same on all ranks. The default is the name of the calling member.
    /// </param>
    /// <exception cref="CollectiveException">The ranks made different calls, or a rank is missing, has left or has failed.</exception>
    /// <exception cref="InvalidOperationException">Another thread of this rank is in a call.</exception>
    /// <exception cref="ObjectDisposedException">The group is disposed.</exception>
    void Sum(Span<float> values, [CallerMemberName] string purpose = "");

    /// <inheritdoc cref="Sum(Span{float}, string)"/>
    void Sum(Span<double> values, [CallerMemberName] string purpose = "");

    /// <summary>Replaces the bytes of every rank with those of one rank.</summary>
    /// <param name="bytes">The bytes; of the same length on all ranks, which may be 0.</param>
    /// <param name="root">The rank whose bytes all ranks get.</param>
    /// <param name="purpose">
    /// What the call is for, shown in messages; the same on all ranks. The default is the name of the calling member.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="root"/> is not a rank.</exception>
    /// <exception cref="CollectiveException">The ranks made different calls, or a rank is missing, has left or has failed.</exception>
    /// <exception cref="InvalidOperationException">Another thread of this rank is in a call.</exception>
    /// <exception cref="ObjectDisposedException">The group is disposed.</exception>
    void Broadcast(Span<byte> bytes, int root = 0, [CallerMemberName] string purpose = "");

    /// <summary>Waits until all ranks have made this call.</summary>
    /// <param name="purpose">
    /// What the call is for, shown in messages; the same on all ranks. The default is the name of the calling member.
    /// </param>
    /// <exception cref="CollectiveException">The ranks made different calls, or a rank is missing, has left or has failed.</exception>
    /// <exception cref="InvalidOperationException">Another thread of this rank is in a call.</exception>
    /// <exception cref="ObjectDisposedException">The group is disposed.</exception>
    void Barrier([CallerMemberName] string purpose = "");
}
