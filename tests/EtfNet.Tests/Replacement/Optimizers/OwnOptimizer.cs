using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EtfNet.Tests.Replacement.Optimizers;

/// <summary>An optimizer as a user may write one.</summary>
internal sealed class OwnOptimizer : OptimizerHelper
{
    public OwnOptimizer(IEnumerable<Parameter> parameters)
    {
        _parameter_groups =
        [
            new TorchSharp.Modules.ParamGroup { Parameters = parameters, Options = new OptimizerOptions { LearningRate = 0.1 } },
        ];
        foreach (var parameter in parameters)
            _state[parameter.Handle] = new State(parameter);
    }

    public State Of(Parameter parameter) => (State)_state[parameter.Handle];

    public override Tensor step(Func<Tensor>? closure = null) => null!;

    public enum Mode
    {
        Slow,
        Fast,
    }

    public sealed class State(Parameter parameter) : OptimizerState(parameter)
    {
        public Tensor? Mean;

        public Mode Mode { get; set; }

        public override void Initialize(OptimizerOptions options)
        {
        }

        public override void LoadStateDict(BinaryReader reader)
        {
        }

        public override void LoadStateDict(OptimizerState source)
        {
        }

        public override void SaveStateDict(BinaryWriter writer)
        {
        }
    }
}
