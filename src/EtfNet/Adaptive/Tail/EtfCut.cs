using static System.FormattableString;

namespace EtfNet;

/// <summary>A cut that was made during training: a head fitted in closed form replaces the model's tail.</summary>
public sealed record EtfCut
{
    /// <summary>Gets the path of the last layer that stays in the model. Its norm and activation stay too.</summary>
    public required string Layer { get; init; }

    /// <summary>Gets the epoch at whose end the cut was made, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Gets the paths of the modules that were cut off.</summary>
    public required IReadOnlyList<string> RemovedModules { get; init; }

    /// <summary>Gets the number of parameters of the model before the cut. A fixed weight counts as the matrix that it stands
    /// for.</summary>
    public required long ParametersBefore { get; init; }

    /// <summary>Gets the number of parameters of the model after the cut, the head included, counted like
    /// <see cref="ParametersBefore"/>.</summary>
    public required long ParametersAfter { get; init; }

    /// <summary>Gets the accuracy of the whole model on the samples of the trial, which the head was not fitted to.</summary>
    /// <value>In [0, 1]. If it is not known which of the model's outputs are class scores, it is the accuracy of the last layer's ridge
    /// head.</value>
    public required double AccuracyBefore { get; init; }

    /// <summary>Gets the accuracy of the head on the same samples, in [0, 1], before it is trained further.</summary>
    public required double AccuracyAfter { get; init; }

    /// <summary>Gets the number of samples of the trial.</summary>
    public required long Samples { get; init; }

    /// <summary>Gets how many parameters the cut saves.</summary>
    public long ParametersSaved => ParametersBefore - ParametersAfter;

    /// <summary>Gets <see cref="ParametersSaved"/> as a share of <see cref="ParametersBefore"/>.</summary>
    public double ShareSaved => (double)ParametersSaved / ParametersBefore;

    /// <inheritdoc/>
    public override string ToString() => Invariant($"cut behind '{Layer}' at the end of epoch {Epoch}: ")
        + Invariant($"{ParametersSaved:N0} of {ParametersBefore:N0} parameters removed ({ShareSaved:0.0%}); ")
        + Invariant($"accuracy on {Samples} samples {AccuracyBefore:0.0000} before, {AccuracyAfter:0.0000} after");
}
