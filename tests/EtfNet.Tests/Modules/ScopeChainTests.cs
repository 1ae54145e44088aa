using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Modules;

/// <summary>Steps of a loop, told apart by the dispose scopes that it opens for each.</summary>
public sealed class ScopeChainTests
{
    [Fact]
    public void EndedBefore_ScopeOfEachStep_TellsStepsApart()
    {
        ScopeChain first, sameStep;
        using (NewDisposeScope())
        {
            first = ScopeChain.Current();
            sameStep = ScopeChain.Current();
            first.EndedBefore(sameStep).Should().BeFalse();
            using (NewDisposeScope())
                first.EndedBefore(ScopeChain.Current()).Should().BeFalse("its own scope is open still");
        }

        using (NewDisposeScope())
        {
            first.EndedBefore(ScopeChain.Current()).Should().BeTrue();
            ScopeChain.Current().EndedBefore(first).Should().BeFalse();
        }
    }

    [Fact]
    public void EndedBefore_InsideOneOuterScope_TellsStepsApart()
    {
        using var epoch = NewDisposeScope();
        ScopeChain first;
        using (NewDisposeScope())
            first = ScopeChain.Current();
        first.EndedBefore(ScopeChain.Current()).Should().BeFalse("no scope was opened since: labels may be matched after the step's scope");
        using (NewDisposeScope())
            first.EndedBefore(ScopeChain.Current()).Should().BeTrue();
    }

    [Fact]
    public void EndedBefore_NoScopes_NothingIsKnown()
    {
        var first = ScopeChain.Current();
        using (NewDisposeScope())
            first.EndedBefore(ScopeChain.Current()).Should().BeFalse();
    }

    [Fact]
    public void EndedBefore_OtherThread_NothingIsKnown()
    {
        ScopeChain? first = null;
        var thread = new Thread(() =>
        {
            using (NewDisposeScope())
                first = ScopeChain.Current();
        });
        thread.Start();
        thread.Join();
        using (NewDisposeScope())
            first!.EndedBefore(ScopeChain.Current()).Should().BeFalse();
    }
}
