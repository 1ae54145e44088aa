using FluentAssertions;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement.Optimizers;

public sealed class ParameterOrderTests : IDisposable
{
    private readonly List<Parameter> _parameters = [.. Enumerable.Range(0, 8).Select(_ => new Parameter(zeros(1)))];

    /// <summary>Whatever leaves and comes back in whatever order, each parameter stands where it stood.</summary>
    [Fact]
    public void Insert_AnyOrderOfComingAndGoing_KeepsThePlaces()
    {
        var random = new Random(7);
        for (var trial = 0; trial < 200; trial++)
        {
            // Some parameters twice, as they are where two lists were joined.
            var original = _parameters.Concat(_parameters.Where(_ => random.Next(4) == 0)).OrderBy(_ => random.Next()).ToList();
            var group = new SGD.ParamGroup(original.Where(_ => true), new SGD.Options());
            var gone = new List<Parameter>();
            for (var step = 0; step < 40; step++)
            {
                var one = _parameters[random.Next(_parameters.Count)];
                if (gone.RemoveAll(other => ReferenceEquals(other, one)) > 0)
                {
                    ParameterOrder.Insert(group, one, one, _parameters);
                }
                else
                {
                    gone.Add(one);
                    ParameterOrder.Remove(group, one);
                }

                Places(group).Should()
                    .Equal(original.Where(parameter => !gone.Exists(one => ReferenceEquals(one, parameter))).Select(Index));
            }
        }
    }

    /// <summary>Lazy lists that count the model's parameters show others as soon as a weight has left it.</summary>
    [Theory]
    [InlineData("f1", "f2")]
    [InlineData("f2", "f1")]
    [InlineData("f1", "f2", "h")]
    public void Fix_OfSeveralOptimizersWithCountedLists_LeavesEachItsOwnParameters(params string[] layers)
    {
        using var model = nn.Sequential(("f1", nn.Linear(8, 8)), ("f2", nn.Linear(8, 8)), ("f3", nn.Linear(8, 8)), ("h", nn.Linear(8, 4)));
        using var first = optim.SGD(model.parameters().Take(4), 0.1);
        using var second = optim.SGD(model.parameters().Skip(4), 0.1, momentum: 0.9);
        Handles(first, second).Should().Equal(model.parameters().Select(parameter => parameter.Handle));

        model.ApplyEtf(EtfFrame.Random(1), layers, [first, second]);

        Handles(first, second).Should()
            .Equal(model.parameters().Where(parameter => parameter.requires_grad).Select(parameter => parameter.Handle));
        Handles(first).Should().HaveCount(4 - layers.Count(name => name is "f1" or "f2"));

        static IEnumerable<IntPtr> Handles(params optim.Optimizer[] optimizers) =>
            optimizers.SelectMany(optimizer => TorchSharpInternals.Groups((OptimizerHelper)optimizer))
                .SelectMany(group => group.Parameters).Select(parameter => parameter.Handle);
    }

    [Theory]
    [InlineData(new[] { 0, 1, 3 }, 2, new[] { 0, 1, 2, 3 })]
    [InlineData(new[] { 1, 3 }, 0, new[] { 0, 1, 3 })]
    [InlineData(new[] { 5, 1 }, 4, new[] { 5, 1, 4 })]
    [InlineData(new int[0], 4, new[] { 4 })]
    public void Insert_ParameterThatWasNeverThere_GoesWhereTheModelHasIt(int[] there, int comes, int[] expected)
    {
        var group = new SGD.ParamGroup(there.Select(index => _parameters[index]).ToList(), new SGD.Options());
        ParameterOrder.Insert(group, _parameters[comes], _parameters[comes], _parameters);
        Places(group).Should().Equal(expected);
    }

    [Fact]
    public void Insert_UserHasChangedTheGroupSince_KeepsWhatTheUserDid()
    {
        var group = new SGD.ParamGroup(_parameters.Take(4).ToList(), new SGD.Options());
        ParameterOrder.Remove(group, _parameters[1]);
        group.Parameters = [_parameters[3], _parameters[7], _parameters[0]];
        ParameterOrder.Insert(group, _parameters[1], _parameters[1], _parameters);
        Places(group).Should().Equal(3, 7, 0, 1);
    }

    [Fact]
    public void Insert_AnotherObjectThanTheOneThatLeft_TakesItsPlace()
    {
        using var moved = new Parameter(zeros(1, dtype: float64));
        var group = new SGD.ParamGroup(_parameters.Take(4).ToList(), new SGD.Options());
        ParameterOrder.Remove(group, _parameters[2]);
        ParameterOrder.Insert(group, moved, _parameters[2], [moved]);
        Places(group).Should().Equal(0, 1, -1, 3);
        group.Parameters.ElementAt(2).Should().BeSameAs(moved);
    }

    public void Dispose() => _parameters.ForEach(parameter => parameter.Dispose());

    private IEnumerable<int> Places(ParamGroup group) => group.Parameters.Select(Index);

    /// <summary>By reference: tensors are equal where their values are.</summary>
    private int Index(Parameter parameter) => _parameters.FindIndex(other => ReferenceEquals(other, parameter));
}
