using EtfNet;
using TorchSharp;
using static TorchSharp.torch;

/// <summary>Compiled by the consumer test against the package alone.</summary>
internal static class TwentySteps
{
    /// <summary>Trains twenty steps in two epochs and checks what was fixed, that it computes the same after a save, and what it
    /// saves.</summary>
    /// <returns>0: all is as it should be.</returns>
    public static int Check()
    {
        manual_seed(3);
        var y = arange(400) % 4;
        var x = (4 * randn(4, 16)).index_select(0, y) + randn(400, 16);
        using var model = Model();
        using var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9);
        var before = model.MeasureFootprint(optimizer);
        using var etf = model.ApplyAdaptiveEtf(epsilon: 0.2, optimizer);
        var (first, last) = (0f, 0f);
        for (var step = 0; step < 20; step++)
        {
            using var scope = NewDisposeScope();
            var batch = arange(step % 10, 400, 10);
            optimizer.zero_grad();
            var loss = nn.functional.cross_entropy(model.call(x[batch]), y[batch]);
            loss.backward();
            optimizer.step();
            etf.Observe(y[batch]);
            last = loss.item<float>();
            if (step == 0)
                first = last;
            if (step % 10 == 9)
                etf.EndEpoch();
        }

        var after = model.MeasureFootprint(optimizer);
        if (etf.Report.FixedLayers.Count == 0)
            return Fail($"no layer was fixed: {etf.Report}");
        if (after.TrainableParameters >= before.TrainableParameters)
            return Fail($"{after.TrainableParameters} trainable parameters after, {before.TrainableParameters} before");
        if (!(last < first))
            return Fail($"the loss went from {first} to {last}");

        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        model.save(writer);
        stream.Position = 0;
        using var fresh = Model();
        EtfPlan.Parse(EtfPlan.Of(model).ToJson()).Apply(fresh);
        using var reader = new BinaryReader(stream);
        fresh.load(reader);
        using var noGrad = no_grad();
        if (!fresh.call(x).allclose(model.call(x)))
            return Fail("the model that was loaded by its plan computes something else");
        Console.WriteLine(
            $"twenty steps: {etf.Report.FixedLayers.Count} layers fixed, "
            + $"{after.TrainableParameters:N0} of {before.TrainableParameters:N0} parameters still trained");
        return 0;
    }

    private static nn.Module<Tensor, Tensor> Model() =>
        nn.Sequential(("fc1", nn.Linear(16, 32)), ("relu1", nn.ReLU()), ("fc2", nn.Linear(32, 32)), ("relu2", nn.ReLU()),
            ("head", nn.Linear(32, 4)));

    private static int Fail(string what)
    {
        Console.Error.WriteLine(what);
        return 1;
    }
}
