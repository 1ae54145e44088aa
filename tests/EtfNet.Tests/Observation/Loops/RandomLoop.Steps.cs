using FluentAssertions;
using static TorchSharp.torch;

namespace EtfNet.Tests.Observation.Loops;

/// <content>The kinds of steps.</content>
internal sealed partial class RandomLoop
{
    private void Step()
    {
        switch (_random.Next(12))
        {
            case 0 or 1:
                Labeled(1, 1);
                break;
            case 2:
                Labeled(_random.Next(2, 9), 1);
                break;
            case 3:
                // Two views of each batch.
                Labeled(1, 2);
                break;
            case 4:
                SharpnessAware();
                break;
            case 5:
                WithUnlabeled();
                break;
            case 6:
                Named();
                break;
            case 7:
                Ambiguous();
                break;
            case 8 when !UsesThreads:
                // The loss was not a number. Scopes show that the step is over, and they are each thread's own.
                Call(Batch().Input);
                Unlabeled++;
                break;
            case 9:
                Validation();
                Labeled(1, 1);
                break;
            case 10:
                Fails();
                Labeled(1, 1);
                break;
            default:
                Refused();
                break;
        }
    }

    private void Labeled(int forwards, int views)
    {
        var batches = Enumerable.Range(0, forwards).Select(_ => Batch()).ToList();
        var calls = new List<(Tensor Input, Tensor Labels)>();
        for (var view = 0; view < views; view++)
            foreach (var (input, labels) in batches)
            {
                var x = view == 0 ? input : input + 0.1;
                Call(x);
                Penalty();
                calls.Add((x, labels));
            }

        Observe(calls);
    }

    private void SharpnessAware()
    {
        var (input, labels) = Batch();
        Call(input);
        var first = Seen([(input, labels)]);
        Train();
        Call(_random.Next(2) == 0 ? input : input[..(int)input.shape[0]]);
        Act(() => _monitor.Observe(labels));
        Expect(first);
    }

    private void WithUnlabeled()
    {
        var (input, labels) = Batch();
        var other = Batch(not: input.shape[0]).Input;
        foreach (var x in _random.Next(2) == 0 ? [input, other] : new[] { other, input })
            Call(x);
        Observe([(input, labels)]);
        Unlabeled++;
    }

    private void Named()
    {
        var ((input, labels), (other, _)) = (Batch(), Batch());
        var output = TensorsOf.All(Call(input))[^1];
        Call(other);
        Act(() => _monitor.Observe(labels, output));
        Expect(Seen([(input, labels)]));
        Unlabeled++;
    }

    private void Ambiguous()
    {
        var (input, labels) = Batch();
        var output = TensorsOf.All(Call(input))[0];
        Call(input + 1);
        _monitor.Invoking(m => m.Observe(labels)).Should().Throw<ArgumentException>(_log).WithMessage("*different inputs*");
        Unlabeled++;
        if (_random.Next(2) == 0)
        {
            Unlabeled++;
            return;
        }

        Act(() => _monitor.Observe(labels, output));
        Expect(Seen([(input, labels)]));
    }

    private void Validation()
    {
        var input = Batch().Input;
        switch (_random.Next(3))
        {
            case 0:
                _model.eval();
                Call(input);
                _model.train();
                break;
            case 1:
                using (no_grad())
                    Call(input);
                break;
            default:
                using (_monitor.Suspend())
                    Call(input);
                break;
        }
    }

    private void Fails()
    {
        _model.Throws = true;
        _model.Invoking(m => m.call(Batch().Input)).Should().Throw<NotSupportedException>();
        _model.Throws = false;
    }

    private void Refused()
    {
        var (input, labels) = Batch();
        Call(input);
        // Lengths that no forwards of a loop have.
        Tensor[] bad =
        [
            labels.repeat(5003), labels.to(float32), labels.unsqueeze(1).expand(-1, 5003), full(labels.shape[0], -3L),
            full(labels.shape[0], -100L),
        ];
        _monitor.Invoking(m => m.Observe(bad[_random.Next(bad.Length)])).Should().Throw<ArgumentException>(_log);
        if (_random.Next(2) == 0)
            Unlabeled++;
        else
            Observe([(input, labels)]);
    }

    /// <summary>A layer alone, outside of any forward.</summary>
    private void Penalty()
    {
        if (_random.Next(4) == 0)
            _model.Head.call(randn(_random.Next(1, 9), 8, generator: _generator)).square().mean().backward();
    }
}
