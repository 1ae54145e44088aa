using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.State.Tensors;

/// <summary>Tensors that no one array can hold go in pieces; here the pieces are a few bytes.</summary>
public sealed class PiecesTests
{
    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(40)]
    [InlineData(1 << 20)]
    public void WriteAndRead_InPieces_IsTheSame(int piece)
    {
        using var scope = NewDisposeScope();
        foreach (var dtype in new[] { ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16, ScalarType.Byte })
        {
            var tensor = (Sample.Normal(3, 7, 5).abs() * 20).to(dtype).t();
            var state = new StateSet("toy");
            state.Add("t", new LiveTensor(tensor, piece));
            var file = SafetensorsBytes.Write(state);
            var whole = new StateSet("toy");
            whole.Add("t", new LiveTensor(tensor));
            file.Should().Equal(SafetensorsBytes.Write(whole));

            var held = SafetensorsReader.Read(new MemoryStream(file), piece: piece).Tensors["t"].Hold();
            held.ToTensor().Equals(tensor).Should().BeTrue();
            var target = zeros(5, 7, dtype: dtype);
            held.CopyTo(target);
            target.Equals(tensor).Should().BeTrue();
            held.HasSameBytes(whole.Tensors["t"].Hold()).Should().BeTrue();
            whole.Tensors["t"].Hold().HasSameBytes(held).Should().BeTrue();
            held.HasSameBytes(new LiveTensor(tensor + 1).Hold()).Should().BeFalse();
            SafetensorsReader.Read(new ForwardOnlyStream(new MemoryStream(file)), piece: piece).Tensors["t"].Hold().HasSameBytes(held)
                .Should().BeTrue();
        }
    }

    [Fact]
    public void ToArrayAndRows_PiecesThatDoNotEndWithRows_AreTheSame()
    {
        double[][] rows = [[1, 2, 3], [4, 5, 6], [7, 8, 9]];
        var state = new StateSet("toy");
        state.Add("t", new RowTensor<double>([3, 3], rows));
        foreach (var piece in new[] { 8, 16, 40, 1 << 20 })
        {
            var held = SafetensorsReader.Read(new MemoryStream(SafetensorsBytes.Write(state)), piece: piece).Tensors["t"].Hold();
            held.ToRows<double>(3).Should().BeEquivalentTo(rows, options => options.WithStrictOrdering());
            ((double[])held.ToArray()).Should().Equal(1, 2, 3, 4, 5, 6, 7, 8, 9);
        }
    }

    [Fact]
    public void Place_OfTiedAndOtherTensors_TellsThemApart()
    {
        using var scope = NewDisposeScope();
        var all = arange(12, dtype: ScalarType.Float32).reshape(3, 4);
        TensorPlace.Of(all).Should().Be(TensorPlace.Of(all.alias())).And.NotBe(TensorPlace.Of(all.clone()));
        TensorPlace.Of(all.narrow(0, 1, 2)).Should().NotBe(TensorPlace.Of(all.narrow(0, 0, 2)));
        TensorPlace.Of(all.t()).Should().Be(TensorPlace.Of(all.t())).And.NotBe(TensorPlace.Of(all.reshape(4, 3)));
        TensorPlace.Of(all[0, 0]).Should().NotBeNull();
        TensorPlace.Of(zeros(0)).Should().BeNull();
    }
}
