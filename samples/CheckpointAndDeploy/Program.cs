// Stops a training in the middle, resumes it as a new process would, and deploys the result in three ways.
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

var options = SampleProgram.Options(args, new { Epochs = 4, Out = "out/CheckpointAndDeploy" });
var folder = new OutputFolder(options.Out);
using var data = DataSet.Load("embedded");

// One training without interruption, and its state in the middle.
var whole = Begin(seed: 1);
Train(whole, from: 1, to: options.Epochs);
EtfCheckpoint.Save(folder.File("training.ckpt"), whole.Etf);
Train(whole, from: options.Epochs + 1, to: 2 * options.Epochs);

// A fresh model, optimizer and scheduler, as a new process makes them, continue from the checkpoint.
var resumed = Begin(seed: 2);
EtfCheckpoint.Load(folder.File("training.ckpt"), resumed.Etf);
Train(resumed, from: options.Epochs + 1, to: 2 * options.Epochs);
Compare("resumed training, uninterrupted training", resumed.Model, whole.Model);

// For inference: which layers are fixed, as a few bytes of JSON, and the weights.
EtfPlan.Of(resumed.Model).Save(folder.File("plan.json"));
resumed.Model.save(folder.File("weights.dat"));
using var deployed = NewModel();
EtfPlan.Load(folder.File("plan.json")).Apply(deployed);
deployed.load(folder.File("weights.dat"));
Compare("deployed model, trained model", deployed, resumed.Model);
Console.WriteLine(deployed.MeasureFootprint());

// For tools without EtfNet, such as PyTorch: plain linear layers with the same outputs.
var layers = deployed.MaterializeEtf();
deployed.SaveSafetensors(folder.File("linear.safetensors"));
using var plain = NewModel();
plain.LoadSafetensors(folder.File("linear.safetensors"));
Compare($"plain model ({layers.Count} layers made linear again), trained model", plain, resumed.Model);
var some = data.Test.Inputs[..100];
using var check = nn.ParameterDict(("inputs", nn.Parameter(some.clone())), ("outputs", nn.Parameter(plain.call(some).detach())));
check.SaveSafetensors(folder.File("outputs.safetensors"));    // load.py compares these outputs with PyTorch's
Console.WriteLine($"test accuracy {data.Test.AccuracyOf(plain):0.0%}; files are in {folder.Path}");

Module NewModel() => Network.Mlp(inputs: 784, width: 256, hiddenLayers: 4, classes: 10);

(Module Model, optim.Optimizer Optimizer, AdaptiveEtfScheduler Etf) Begin(long seed)
{
    manual_seed(seed);
    var model = NewModel();
    var optimizer = optim.SGD(model.parameters(), 0.05, momentum: 0.9, weight_decay: 5e-4);
    return (model, optimizer, model.ApplyAdaptiveEtf(epsilon: 0.25, optimizer));
}

void Train((Module Model, optim.Optimizer Optimizer, AdaptiveEtfScheduler Etf) training, int from, int to)
{
    for (var epoch = from; epoch <= to; epoch++)
    {
        training.Model.train();
        foreach (var (x, y) in data.Train.Batches(128, seed: epoch))    // the same batches, whether resumed or not
        {
            using var scope = NewDisposeScope();
            training.Optimizer.zero_grad();
            nn.functional.cross_entropy(training.Model.call(x), y).backward();
            training.Optimizer.step();
            training.Etf.Observe(y);
        }

        Console.WriteLine($"epoch {epoch}: {training.Etf.EndEpoch().FixedLayers.Count} layers fixed");
    }
}

void Compare(string what, Module one, Module other)
{
    using var scope = NewDisposeScope();
    using var noGrad = no_grad();
    one.eval();
    other.eval();
    var (expected, found) = (other.call(data.Test.Inputs), one.call(data.Test.Inputs));
    Console.WriteLine($"{what}: outputs differ by {((found - expected).norm() / expected.norm()).item<float>():0.0e+0} of their norm");
}
