using System.Text.Json;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static EtfNet.Tests.Support.SafetensorsBytes;
using static TorchSharp.torch;

namespace EtfNet.Tests.State.Safetensors;

public sealed class SafetensorsWriterTests
{
    private static readonly ScalarType[] s_types =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32,
            ScalarType.Int16, ScalarType.Int8, ScalarType.Byte,
        ScalarType.Bool, ScalarType.ComplexFloat32,
    ];

    [SeededProperty(60)]
    public void WriteAndRead_RandomTensorsOfEveryType_AreTheSameBitByBit(int seed)
    {
        using var scope = NewDisposeScope();
        var random = new Random(seed);
        var (state, tensors) = (new StateSet(seed % 2 == 0 ? "toy" : null), new Dictionary<string, Tensor>());
        for (var i = random.Next(1, 12); i > 0; i--)
        {
            var (name, tensor) = ($"layer{random.Next(3)}.é😀 {i}\n", Draw(random, s_types[random.Next(s_types.Length)]));
            tensors.Add(name, tensor);
            state.Add(name, new LiveTensor(tensor));
        }

        state.Add("text", new string([.. Enumerable.Range(0, 20).Select(_ => (char)random.Next(1, 0xd7ff))]));
        var file = Write(state);
        RequirePublishedForm(file);
        var back = SafetensorsBytes.Read(file);
        back.Kind.Should().Be(state.Kind);
        back.Texts["text"].Should().Be(state.Texts["text"]);
        back.Tensors.Keys.Should().BeEquivalentTo(tensors.Keys);
        foreach (var (name, tensor) in tensors)
        {
            var read = back.Tensors[name].Hold().ToTensor();
            (read.dtype, read.shape.SequenceEqual(tensor.shape)).Should().Be((tensor.dtype, true));
            read.bytes.SequenceEqual(tensor.contiguous().bytes).Should().BeTrue();
        }
    }

    [Fact]
    public void Write_Path_GivesTheBytesOfAStream()
    {
        using var folder = new TemporaryFolder();
        var state = SafetensorsBytes.Read(SafetensorsFiles.Small());
        SafetensorsWriter.Write(folder.File("a.safetensors"), state);
        File.ReadAllBytes(folder.File("a.safetensors")).Should().Equal(SafetensorsFiles.Small());
        using var memory = new MemoryStream();
        SafetensorsWriter.Write(new ForwardOnlyStream(memory), state);
        memory.ToArray().Should().Equal(SafetensorsFiles.Small());
    }

    [Fact]
    public void Write_Checksum_IsThatOfHeaderWithZerosAndData()
    {
        var file = SafetensorsFiles.Small();
        Signed(file).Should().Equal(file);
    }

    [Fact]
    public void Write_TensorThatChangesMeanwhile_Throws()
    {
        var state = new StateSet("toy");
        state.Add("t", new RestlessTensor());
        FluentActions.Invoking(() => Write(state)).Should().Throw<InvalidOperationException>().WithMessage("*changed while*");
        using var folder = new TemporaryFolder();
        SafetensorsWriter.Write(folder.File("t"), state);
        SafetensorsReader.Read(folder.File("t")).Tensors.Should().HaveCount(1, "a file has the checksum of what was written");
    }

    [Fact]
    public void Write_NamesThatCannotBe_Throw()
    {
        Refused("__metadata__").WithMessage("*'__metadata__'*");
        Refused("a\ud800").WithMessage(@"*'a\ud800'*surrogate*");
        var state = new StateSet("toy");
        state.Add("etfnet.sha256", "x");
        FluentActions.Invoking(() => Write(state)).Should().Throw<InvalidOperationException>().WithMessage("*'etfnet.sha256'*");
        FluentActions.Invoking(() => state.Add("etfnet.sha256", "y")).Should().Throw<InvalidOperationException>()
            .WithMessage("*'etfnet.sha256'*");

        static FluentAssertions.Specialized.ExceptionAssertions<InvalidOperationException> Refused(string name)
        {
            var state = new StateSet("toy");
            state.Add(name, new RowTensor<byte>([1], [[1]]));
            FluentActions.Invoking(() => state.Add(name, new RowTensor<byte>([1], [[1]]))).Should().Throw<InvalidOperationException>();
            return FluentActions.Invoking(() => Write(state)).Should().Throw<InvalidOperationException>();
        }
    }

    [Fact]
    public void Write_HeaderBeyondTheLimit_Throws()
    {
        var state = new StateSet("toy");
        state.Add("text", new string('x', SafetensorsHeader.MaxLength));
        FluentActions.Invoking(() => Write(state)).Should().Throw<NotSupportedException>().WithMessage("*100000000*");
    }

    [Fact]
    public void Write_TypeThatTheFormatLacks_Throws()
    {
        using var scope = NewDisposeScope();
        FluentActions.Invoking(() => new LiveTensor(zeros(2, dtype: ScalarType.ComplexFloat64))).Should().Throw<NotSupportedException>()
            .WithMessage("*ComplexFloat64*Convert*");
    }

    /// <summary>As published: '{' first, padded with spaces to 8 bytes, data without holes, each tensor at a multiple of its
    /// element.</summary>
    private static void RequirePublishedForm(byte[] file)
    {
        var header = HeaderOf(file);
        (System.Text.Encoding.UTF8.GetByteCount(header) % 8).Should().Be(0);
        header[0].Should().Be('{');
        using var json = JsonDocument.Parse(header);
        var end = 0L;
        foreach (var tensor in json.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__")
            .Select(tensor => tensor.Value))
        {
            var (begin, next) = (tensor.GetProperty("data_offsets")[0].GetInt64(), tensor.GetProperty("data_offsets")[1].GetInt64());
            begin.Should().Be(end);
            (begin % (TensorType.Find(tensor.GetProperty("dtype").GetString()!)!.Bits / 8)).Should().Be(0);
            end = next;
        }

        (8 + System.Text.Encoding.UTF8.GetByteCount(header) + end).Should().Be(file.Length);
    }

    private static Tensor Draw(Random random, ScalarType dtype)
    {
        var shape = Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(5)).ToArray();
        using var generator = new Generator((ulong)random.Next());
        var tensor = dtype == ScalarType.Bool ? rand(shape, generator: generator).gt(0.5)
            : (rand(shape, generator: generator) * 100).to(dtype);
        return random.Next(2) == 0 || tensor.dim() < 2 ? tensor : tensor.transpose(0, 1);
    }

    private sealed class RestlessTensor() : StateTensor(TensorType.Find("U8")!, [1])
    {
        private byte _value;

        public override void Read(Action<ReadOnlySpan<byte>> take) => take([_value++]);
    }
}
