using System.Text;
using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace EtfNet.Tests.Samples.Data;

public sealed class DataSetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_Embedded_IsBalancedAndStandardized()
    {
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (var scope = NewDisposeScope())
        {
            using var data = DataSet.Load("embedded");

            data.Train.Inputs.shape.Should().Equal(10_000, 1, 28, 28);
            data.Test.Inputs.shape.Should().Equal(2_000, 1, 28, 28);
            data.Train.Labels.unique(return_counts: true).counts!.data<long>().Should().OnlyContain(count => count == 1000)
                .And.HaveCount(10);
            data.Train.Inputs.mean().item<float>().Should().BeApproximately(0, 1e-4f);
            data.Train.Inputs.std().item<float>().Should().BeApproximately(1, 1e-3f);
            data.ToString().Should().Contain("embedded").And.Contain("10,000").And.Contain("10 classes");
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void Load_Languages_HasManyAndATestSetOfAllOfThem()
    {
        using var data = DataSet.Load("languages");

        data.Classes.Should().HaveCount(64).And.Contain(["eng", "deu", "zul"]);
        data.Train.Inputs.shape[1].Should().Be(64);
        data.Test.Labels.unique().output.shape[0].Should().Be(64);
    }

    [Fact]
    public void Load_FashionMnistFiles_AreThoseOfTheFolder()
    {
        IdxBytes.WriteSet(_folder.Path);

        using var data = DataSet.Load(_folder.Path);

        (data.Train.Count, data.Test.Count).Should().Be((40, 20));
        data.Train.Inputs.shape.Should().Equal(40, 1, 3, 2);
        data.Description.Should().Contain(_folder.Path);
    }

    [Fact]
    public void Load_Cifar10_ReadsPlanesAndLabels()
    {
        WriteCifar10(images: 2);

        using var data = DataSet.Load(_folder.Path);

        data.Train.Inputs.shape.Should().Equal(10, 3, 32, 32);
        data.Test.Labels.data<long>().Should().Equal(0, 1);
        // The red plane of each image is 10, green 20, blue 30 but in its last pixel: standardized, equal values stay equal.
        var red = data.Train.Inputs[0, 0].data<float>().ToArray();
        red.Take(1023).Distinct().Should().ContainSingle();
        data.Classes.Should().HaveCount(10);
    }

    [Fact]
    public void Load_Cifar100_TakesTheFineLabel()
    {
        Write("train.bin", Enumerable.Range(0, 10).SelectMany(i => Record(3, 10 * i)).ToArray());
        Write("test.bin", Record(3, 99).Concat(Record(3, 5)).ToArray());

        using var data = DataSet.Load(_folder.Path);

        data.Train.Labels.data<long>().Should().Equal(Enumerable.Range(0, 10).Select(i => 10L * i));
        data.Test.Labels.data<long>().Should().Equal(99, 5);
        data.Classes.Should().HaveCount(100);
    }

    [Theory]
    [InlineData("data_batch_3.bin", 3072, "data_batch_3.bin has 3072 bytes")]
    [InlineData("data_batch_3.bin", 3073, "data_batch_3.bin has 3073 bytes")]
    [InlineData("test_batch.bin", 0, "data_batch_1.bin has 6146 bytes but test_batch.bin 0")]
    [InlineData("test_batch.bin", -1, "test_batch.bin: ")]
    public void Load_CifarFileCutShortOrMissing_IsNamed(string file, int length, string named)
    {
        WriteCifar10(images: 2);
        if (length < 0)
            File.Delete(_folder.File(file));
        else
            Write(file, new byte[length]);

        Fails(_folder.Path).Should().Contain(named);
    }

    [Fact]
    public void Load_CifarLabelOutOfRangeOrAllFilesOfAWrongSize_IsNamed()
    {
        WriteCifar10(images: 2, label: 12);
        Fails(_folder.Path).Should().Contain("label 12 at ").And.Contain("0 to 9");

        foreach (var file in Directory.GetFiles(_folder.Path))
            File.WriteAllBytes(file, new byte[100]);
        Fails(_folder.Path).Should().Contain("no whole number of images of 3073");
    }

    [Fact]
    public void Load_Table_HoldsEveryFifthRowOfAClassOut()
    {
        var rows = Enumerable.Range(0, 20).Select(i => $"{i},{2 * i},7,{(i < 10 ? "cat" : "\"dog, big\"")}");
        Write("t.csv", "a,b,same,kind\n" + string.Join('\n', rows) + "\n\n");

        using var data = DataSet.Load(_folder.File("t.csv"));

        data.Classes.Should().Equal("cat", "dog, big");
        (data.Train.Count, data.Test.Count).Should().Be((16, 4));
        data.Test.Labels.data<long>().Should().Equal(0, 0, 1, 1);
        data.Train.Inputs.mean([0L]).abs().max().item<float>().Should().BeLessThan(1e-5f);
        data.Train.Inputs.select(1, 2).abs().max().item<float>().Should().Be(0, "a column that never changes says nothing");
    }

    [Fact]
    public void Load_TableWithLabelColumnAndTestFile_TakesBoth()
    {
        Write("t.csv", "kind,a\n2,1.5\n10,2\n2,3\n");
        Write("u.csv", "kind,a\n10,1e1\n");

        using var data = DataSet.Load(new DataOptions { Data = _folder.File("t.csv"), Label = "kind", Test = _folder.File("u.csv") });

        data.Classes.Should().Equal("2", "10");
        data.Test.Labels.data<long>().Should().Equal(1);
    }

    [Theory]
    [InlineData("a,b,kind\n1,2,x\n1,abc,y\n", "line 3, column b: 'abc' is no number")]
    [InlineData("a,b,kind\n1,,x\n", "line 2, column b: '' is no number")]
    [InlineData("a,b,kind\n1,NaN,x\n", "'NaN' is no number")]
    [InlineData("a,b,kind\n1,2,3.5\n", "column kind: '3.5' is no class")]
    [InlineData("a,b,kind\n1,2,\n", "'' is no class")]
    [InlineData("a,b,kind\n1,2\n", "line 2: 2 columns, but the heading has 3")]
    [InlineData("a,b,kind\n", "no row below its heading")]
    [InlineData("", "no column of numbers")]
    [InlineData("a,b,kind\n1,2,x\n3,4,x\n", "every row is labeled x")]
    [InlineData("a,b,kind\n1,2,x\n3,4,y\n", "no class has 5 rows")]
    public void Load_DamagedTable_IsOneLineThatNamesThePlace(string content, string named)
    {
        Write("t.csv", content);
        Fails(_folder.File("t.csv")).Should().Contain(named);
    }

    [Fact]
    public void Load_TableWithoutTheLabelColumn_NamesNearOnes()
    {
        Write("t.csv", "a,b,kind\n1,2,x\n");
        FluentActions.Invoking(() => DataSet.Load(new DataOptions { Data = _folder.File("t.csv"), Label = "kinds" }))
            .Should().Throw<SampleException>().WithMessage("*no column kinds (did you mean kind?)*a, b, kind*");
    }

    [Fact]
    public void WriteExample_Table_IsOneThatLoads()
    {
        var path = CsvTable.WriteExample(new OutputFolder(_folder.Path), "e.csv");

        path.Should().Be(_folder.File("e.csv"));
        Directory.GetFiles(_folder.Path).Should().Equal([path], "it was written whole, beside its place");
        using var data = DataSet.Load(path);

        data.Train.Inputs.shape.Should().Equal(8000, 49);
        data.Classes.Should().HaveCount(10).And.Contain("sneaker");
    }

    [Fact]
    public void Read_Texts_LeavesMarkAndCarriageReturnsOut()
    {
        var texts = Texts([.. Encoding.UTF8.Preamble, .. "a\tone\ttab\r\n\r\nb\tzwei"u8], length: 7);
        using var tokens = texts.Inputs;

        texts.Labels.Should().Equal("a", "b");
        tokens.data<long>().Should().Equal("one\ttabzwei"u8.ToArray().Select(one => one + 1L).Concat([0, 0, 0]));
    }

    [Fact]
    public void Tokens_LongText_EndAtACharacter()
    {
        using var tokens = Texts(Encoding.UTF8.GetBytes("b\tab\na\tabcж\nb\t\U0001F600x"), length: 4).Inputs;

        tokens.data<long>().Should().Equal(98, 99, 0, 0, 98, 99, 100, 0, 0xF0 + 1, 0x9F + 1, 0x98 + 1, 0x80 + 1);
    }

    [Theory]
    [InlineData(new byte[] { (byte)'a', (byte)'\t', 0xFF, (byte)'\n' }, "not UTF-8")]
    [InlineData(new byte[] { (byte)'a', (byte)' ', (byte)'b' }, "line 1: no tab")]
    [InlineData(new byte[] { (byte)'a', (byte)'\t', (byte)' ' }, "line 1: no tab, or nothing")]
    [InlineData(new byte[0], "holds no line")]
    public void Load_DamagedTexts_IsOneLineThatNamesThePlace(byte[] content, string named)
    {
        Write("t.tsv", content);
        Fails(_folder.File("t.tsv")).Should().Contain(named);
    }

    [Theory]
    [InlineData("t.csv.gz", "a,kind\n1,x\n2,y\n")]
    [InlineData("t.tsv.gz", "x\tone\ny\ttwo\n")]
    public void Load_ZippedRows_AreUnzippedAndOnesThatWereCutOffNamed(string name, string content)
    {
        var zipped = IdxBytes.Gzip(Encoding.UTF8.GetBytes(content));
        File.WriteAllBytes(_folder.File(name), zipped);
        var options = new DataOptions { Data = _folder.File(name), Test = _folder.File(name) };
        using (var data = DataSet.Load(options))
            (data.Train.Count, data.Test.Count).Should().Be((2, 2));

        foreach (var length in new[] { 0, 3, zipped.Length / 2, zipped.Length - 1 })
        {
            File.WriteAllBytes(_folder.File(name), zipped[..length]);
            Fails(_folder.File(name)).Should().StartWith($"{name}: not a whole gzip file");
        }
    }

    [Fact]
    public void Load_UnknownLabelToTestWith_IsNamed()
    {
        Write("t.tsv", "a\tone\nb\ttwo\n");
        Write("u.tsv", "c\tthree\n");
        FluentActions.Invoking(() => DataSet.Load(new DataOptions { Data = _folder.File("t.tsv"), Test = _folder.File("u.tsv") }))
            .Should().Throw<SampleException>().WithMessage("*class c*not among*");
    }

    [Theory]
    [InlineData("nowhere", "give embedded, full, languages")]
    [InlineData("nowhere.csv", "nowhere.csv cannot be read")]
    public void Load_NothingThere_SaysWhatToGive(string data, string named) => Fails(_folder.File(data)).Should().Contain(named);

    [Fact]
    public void Load_FullData_IsTheFolderOfTheVariable()
    {
        var before = Environment.GetEnvironmentVariable(FashionMnist.FolderVariable);
        try
        {
            Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, _folder.File("absent"));
            Fails("full").Should().Contain(_folder.File("absent")).And.Contain(FashionMnist.FolderVariable);

            Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, _folder.Path);
            IdxBytes.WriteSet(_folder.Path);
            DataSet.Load("full").Train.Count.Should().Be(40);
        }
        finally
        {
            Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, before);
        }
    }

    [Fact]
    public void Load_DamagedFashionMnistFiles_AreNamed()
    {
        IdxBytes.WriteSet(_folder.Path, labelsBelow: 200);
        Fails(_folder.Path).Should().Contain("train-labels-idx1-ubyte.gz").And.Contain("0 to 9");
        IdxBytes.WriteSet(_folder.Path, train: 40, trainLabels: 39);
        Fails(_folder.Path).Should().Contain("40 images but 39 labels");
        IdxBytes.WriteSet(_folder.Path);
        File.WriteAllBytes(_folder.File("t10k-images-idx3-ubyte.gz"), IdxBytes.Gzip(IdxBytes.Idx([20, 2, 2], new byte[80])));
        Fails(_folder.Path).Should().Contain("3 x 2").And.Contain("2 x 2");
        File.Delete(_folder.File("t10k-labels-idx1-ubyte.gz"));
        Fails(_folder.Path).Should().Contain("t10k-labels-idx1-ubyte.gz");
    }

    [Fact]
    public void Load_SamplesAndNoise_AreDrawnTheSameWayAgain()
    {
        var options = new DataOptions { TrainSamples = 200, TestSamples = 50, LabelNoise = 0.5 };
        using var clean = DataSet.Load(options with { LabelNoise = 0 });
        using var one = DataSet.Load(options, seed: 1);
        using var again = DataSet.Load(options, seed: 1);
        using var other = DataSet.Load(options, seed: 2);

        (one.Train.Count, one.Test.Count).Should().Be((200, 50));
        one.Train.Labels.data<long>().Should().Equal(again.Train.Labels.data<long>());
        one.Train.Labels.data<long>().Should().NotEqual(other.Train.Labels.data<long>());
        (one.Train.Inputs - clean.Train.Inputs).abs().max().item<float>().Should().Be(0);
        // Of ten classes a tenth of the random labels are right by chance.
        one.Train.Labels.ne(clean.Train.Labels).sum().item<long>().Should().BeInRange(65, 115);
    }

    private static LabeledRows Texts(byte[] content, int length)
    {
        using var stream = new MemoryStream(content);
        return LabeledTexts.Read(stream, "file", length);
    }

    private static string Fails(string data)
    {
        var message = FluentActions.Invoking(() => DataSet.Load(data)).Should().Throw<SampleException>().Which.Message;
        message.Should().NotContain("\n");
        return message;
    }

    private static IEnumerable<byte> Record(params int[] labels) => labels.Select(label => (byte)label)
        .Concat(Enumerable.Repeat((byte)10, 1023)).Append((byte)labels[^1]).Concat(Enumerable.Repeat((byte)20, 1024))
            .Concat(Enumerable.Repeat((byte)30, 1023)).Append((byte)0);

    private void WriteCifar10(int images, int label = 0)
    {
        foreach (var file in Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin").Append("test_batch.bin"))
            Write(file, Enumerable.Range(0, images).SelectMany(i => Record(label + i)).ToArray());
    }

    private void Write(string file, string content) => File.WriteAllText(_folder.File(file), content);

    private void Write(string file, byte[] content) => File.WriteAllBytes(_folder.File(file), content);
}
