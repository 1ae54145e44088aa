using EtfNet.Samples;
using EtfNet.Tests.Support;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Samples.Data;

public sealed class FashionMnistTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string? _variable = Environment.GetEnvironmentVariable(FashionMnist.FolderVariable);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, _variable);
        _folder.Dispose();
    }

    [Fact]
    public void Load_Embedded_IsBalancedAndOfTheRightSize()
    {
        var data = FashionMnist.Load(FashionMnist.Embedded);

        (data.Train.Count, data.Train.Height, data.Train.Width).Should().Be((10_000, 28, 28));
        (data.Test.Count, data.Test.Height, data.Test.Width).Should().Be((2_000, 28, 28));
        data.Train.Labels.CountBy(label => label).Should().HaveCount(10).And.OnlyContain(label => label.Value == 1000);
        data.Test.Labels.CountBy(label => label).Should().HaveCount(10).And.OnlyContain(label => label.Value == 200);
        data.Description.Should().Contain("embedded").And.Contain("10,000");
    }

    [Fact]
    public void Load_Folder_TakesTheFourFiles()
    {
        IdxBytes.WriteSet(_folder.Path);

        var data = FashionMnist.Load(_folder.Path);

        (data.Train.Count, data.Test.Count, data.Train.PixelsPerImage).Should().Be((40, 20, 6));
        data.Description.Should().Contain(_folder.Path);
    }

    [Fact]
    public void Load_Full_TakesTheFolderOfTheVariable()
    {
        IdxBytes.WriteSet(_folder.Path);
        Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, _folder.Path);

        FashionMnist.Load(FashionMnist.Full).Train.Count.Should().Be(40);
    }

    [Fact]
    public void Load_FullWithVariableThatNamesNoFolder_SaysSo()
    {
        Environment.SetEnvironmentVariable(FashionMnist.FolderVariable, _folder.File("nowhere"));

        Fails(FashionMnist.Full).Should().Contain(FashionMnist.FolderVariable).And.Contain("nowhere");
    }

    [Fact]
    public void Load_NoFolder_SaysWhatToGive() => Fails(_folder.File("nowhere")).Should().Contain("nowhere").And.Contain("embedded");

    [Fact]
    public void Load_MissingFile_NamesIt()
    {
        IdxBytes.WriteSet(_folder.Path);
        File.Delete(_folder.File("t10k-labels-idx1-ubyte.gz"));

        Fails(_folder.Path).Should().Contain("t10k-labels-idx1-ubyte.gz").And.Contain(_folder.Path);
    }

    [Fact]
    public void Load_CountsThatDiffer_NamesBoth()
    {
        IdxBytes.WriteSet(_folder.Path, train: 40, trainLabels: 39);

        Fails(_folder.Path).Should().Contain("40 images").And.Contain("39 labels");
    }

    [Fact]
    public void Load_LabelOutOfRange_NamesIt()
    {
        IdxBytes.WriteSet(_folder.Path, labelsBelow: 200);

        Fails(_folder.Path).Should().Contain("train-labels-idx1-ubyte.gz").And.Contain("0 to 9");
    }

    [Fact]
    public void Load_TestImagesOfAnotherSize_NamesBothSizes()
    {
        IdxBytes.WriteSet(_folder.Path);
        File.WriteAllBytes(_folder.File("t10k-images-idx3-ubyte.gz"), IdxBytes.Gzip(IdxBytes.Idx([20, 2, 2], new byte[80])));

        Fails(_folder.Path).Should().Contain("3 x 2").And.Contain("2 x 2");
    }

    private static string Fails(string choice)
    {
        var message = FluentActions.Invoking(() => FashionMnist.Load(choice)).Should().Throw<SampleException>().Which.Message;
        message.Should().NotContain("\n");
        return message;
    }
}
