using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Support;

/// <summary>TorchSharp's managed optimizers, two of them in a second setting that keeps other state.</summary>
internal static class OptimizerKinds
{
    private static readonly IReadOnlyList<(string Name, Func<IEnumerable<Parameter>, OptimizerHelper> Make)> All =
    [
        ("SGD", p => optim.SGD(p, 0.05, momentum: 0.9, weight_decay: 5e-4)),
        ("SGDNesterov", p => optim.SGD(p, 0.05, momentum: 0.9, nesterov: true)),
        ("Adam", p => optim.Adam(p, 0.005)),
        ("AdamAmsgrad", p => optim.Adam(p, 0.005, amsgrad: true)),
        ("AdamW", p => optim.AdamW(p, 0.005)),
        ("RMSProp", p => optim.RMSProp(p, 0.002, momentum: 0.5)),
        ("Adagrad", p => optim.Adagrad(p, 0.05)),
        ("Adadelta", p => optim.Adadelta(p, 1)),
        ("NAdam", p => optim.NAdam(p, 0.005)),
        // TorchSharp 0.107 multiplies by the learning rate twice.
        ("RAdam", p => optim.RAdam(p, 0.2)),
        ("Adamax", p => optim.Adamax(p, 0.005)),
        ("ASGD", p => optim.ASGD(p, 0.2)),
        ("Rprop", p => optim.Rprop(p, 0.001)),
    ];

    public static IReadOnlyList<string> Names => [.. All.Select(kind => kind.Name)];

    /// <summary>Makes one of a lazy parameter list, or of a list.</summary>
    public static OptimizerHelper Make(string name, IEnumerable<Parameter> parameters) =>
        All.Single(kind => kind.Name == name).Make(parameters);
}
