using static TorchSharp.torch;

namespace EtfNet;

/// <summary>Which rows are taken of a call of a layer: its inputs, its outputs and the labels at the same places.</summary>
internal abstract class RowDraw
{
    /// <summary>Draws the rows of one call.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="input">What it took in.</param>
    /// <param name="most">The most rows, at least 1.</param>
    /// <param name="seed">For the positions of a convolution.</param>
    /// <exception cref="ArgumentException">The input does not fit the layer.</exception>
    public static RowDraw Of(FixableLayer layer, Tensor input, int most, long seed) => layer is FixableConvolution convolution
        ? new OfPatches(PatchPositions.Draw(convolution.Window, input, most, seed), convolution.Window.Lift(input).shape[0])
        : new Even(EvenRows.Step(input, most));

    /// <summary>Rows of what the layer sees, a copy detached from all scopes.</summary>
    public abstract Tensor Inputs(Tensor input);

    /// <summary>Rows of what it gives, a copy detached from all scopes.</summary>
    public abstract Tensor Outputs(Tensor output);

    /// <summary>The label of each row, detached from all scopes; null where the labels are of other rows.</summary>
    public abstract Tensor? Labels(Tensor labels, Tensor input);

    /// <summary>Evenly spaced rows of a linear layer.</summary>
    private sealed class Even(long step) : RowDraw
    {
        public override Tensor Inputs(Tensor input) => EvenRows.Every(input, step);

        public override Tensor Outputs(Tensor output) => EvenRows.Every(output, step);

        public override Tensor? Labels(Tensor labels, Tensor input)
        {
            if (input.NumberOfElements != labels.shape[0] * input.shape[^1])
                return null;
            using var scope = NewDisposeScope();
            using var rows = EvenRows.Every(labels.unsqueeze(1), step);
            return rows.squeeze(1).DetachFromDisposeScope();
        }
    }

    /// <summary>Patches at random positions of a convolution.</summary>
    private sealed class OfPatches(PatchPositions positions, long samples) : RowDraw
    {
        public override Tensor Inputs(Tensor input) => positions.Patches(input).DetachFromDisposeScope();

        public override Tensor Outputs(Tensor output) => positions.Outputs(output).DetachFromDisposeScope();

        public override Tensor? Labels(Tensor labels, Tensor input) =>
            labels.shape[0] == samples ? positions.Labels(labels).DetachFromDisposeScope() : null;
    }
}
