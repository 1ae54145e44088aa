using TorchSharp;
using static TorchSharp.torch;

namespace EtfNet.Samples;

/// <summary>Flat gray images, cut into square patches, each of them a token.</summary>
public sealed class PatchEmbedding : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> project;
    private readonly int _rows;
    private readonly int _columns;
    private readonly int _patch;

    public PatchEmbedding(int height, int imageWidth, int patch, int width)
        : base(nameof(PatchEmbedding))
    {
        (_rows, _columns, _patch) = (height / patch, imageWidth / patch, patch);
        project = nn.Linear(patch * patch, width);
        RegisterComponents();
    }

    /// <param name="input">(batch, height x width).</param>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var patches = input.view(-1, _rows, _patch, _columns, _patch).transpose(2, 3).reshape(-1, _rows * _columns, _patch * _patch);
        return project.call(patches).MoveToOuterDisposeScope();
    }
}
