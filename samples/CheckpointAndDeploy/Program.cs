// Stops a training in the middle, goes on in a new process's place, and ships the result three ways.
using System.CommandLine;
using EtfNet;
using EtfNet.Samples;
using TorchSharp;
using static TorchSharp.torch;

var epochs = OptionFactory.Count("--epochs", "Epochs to train before and after the break", smallest: 1, defaultValue: 4);
var @out = OptionFactory.Text("--out", "Folder for the files", "a folder", "out/CheckpointAndDeploy");
var program = new RootCommand("Saves and resumes a training across fixed layers, then deploys the model.") { epochs, @out };
program.SetAction(options => Run(options.GetValue(epochs), OutputFolder.Create(options.GetRequiredValue(@out))));
return SampleHost.Run(program, args, Console.Out, Console.Error);

static int Run(int epochs, OutputFolder folder)
{
    var checkpoint = Path.Combine(folder.Path, "training.ckpt");
    var plan = Path.Combine(folder.Path, "plan.json");
    var weights = Path.Combine(folder.Path, "weights.dat");
    var exported = Path.Combine(folder.Path, "linear.dat");
    var (train, test) = TensorSet.Standardize(FashionMnist.Load(FashionMnist.Embedded), CPU);

    // One training without a break, and one that is saved in the middle.
    using var whole = new Training(seed: 1);
    whole.Run(train, from: 1, to: epochs);
    EtfCheckpoint.Save(checkpoint, whole.Etf);
    whole.Run(train, from: epochs + 1, to: 2 * epochs);

    // A fresh model, optimizer and scheduler, as a new process would make them, take up where the checkpoint was made.
    using var resumed = new Training(seed: 2);
    EtfCheckpoint.Load(checkpoint, resumed.Etf);
    resumed.Run(train, from: epochs + 1, to: 2 * epochs);
    Compare("resumed training, uninterrupted training", resumed.Model, whole.Model, test);

    // For inference: which layers are fixed, as a few bytes of JSON, and the weights.
    EtfPlan.Of(resumed.Model).Save(plan);
    resumed.Model.save(weights);
    using var deployed = Training.NewModel();
    EtfPlan.Load(plan).Apply(deployed);
    deployed.load(weights);
    Compare("deployed model, trained model", deployed, resumed.Model, test);
    Console.WriteLine(deployed.MeasureFootprint());

    // For tools that know nothing of EtfNet: plain linear layers with the same outputs.
    var layers = deployed.MaterializeEtf();
    deployed.save(exported);
    using var plain = Training.NewModel();
    plain.load(exported);
    Compare($"plain model ({layers.Count} layers made linear again), trained model", plain, resumed.Model, test);

    Console.WriteLine($"test accuracy {Accuracy.Measure(plain, test):0.0%}");
    Console.WriteLine($"written to {folder.Path}: training.ckpt, plan.json, weights.dat, linear.dat");
    train.Dispose();
    test.Dispose();
    return ExitCode.Success;
}

static void Compare(string what, nn.Module<Tensor, Tensor> one, nn.Module<Tensor, Tensor> other, TensorSet test)
{
    using var scope = NewDisposeScope();
    using var noGrad = no_grad();
    one.eval();
    other.eval();
    var expected = other.call(test.Inputs);
    var difference = (one.call(test.Inputs) - expected).norm().item<float>() / expected.norm().item<float>();
    Console.WriteLine($"{what}: outputs differ by {difference:0.0e+0} of their norm");
}
