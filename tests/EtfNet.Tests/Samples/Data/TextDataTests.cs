using System.Text;
using EtfNet.Samples;
using FluentAssertions;
using TorchSharp;
using Xunit;

namespace EtfNet.Tests.Samples.Data;

public sealed class TextDataTests
{
    [Fact]
    public void Load_Embedded_HasManyLanguagesAndNoTextTwice()
    {
        var data = TextData.Load(TextData.Embedded, null);

        data.Classes.Should().HaveCountGreaterThanOrEqualTo(50).And.Contain(["eng", "deu", "zul"]);
        data.Test.Labels.Distinct().Order(StringComparer.Ordinal).Should().Equal(data.Classes);
        var texts = data.Train.Texts.Concat(data.Test.Texts).ToList();
        texts.Distinct().Should().HaveSameCount(texts);
        texts.Should().OnlyContain(text => text == text.Trim() && text.Length <= 80 && !text.Contains('<') && !text.Contains('&') && !text.Contains('\t'));
        data.Train.Labels.CountBy(label => label).Should().OnlyContain(count => count.Value >= 50);
    }

    [Fact]
    public void Read_MarkAndCarriageReturns_AreNoPartOfTheTexts()
    {
        using var stream = new MemoryStream([.. Encoding.UTF8.Preamble, .. "a\tone\ttab\r\n\r\nb\tzwei"u8]);

        var texts = LabeledTexts.Read(stream, "file");

        texts.Labels.Should().Equal("a", "b");
        texts.Texts.Should().Equal("one\ttab", "zwei");
        texts.Lines.Should().Equal(1, 3);
    }

    [Fact]
    public void Encode_LongText_EndsAtACharacter()
    {
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        var texts = new LabeledTexts(["b", "a", "b"], ["ab", "abcж", "\U0001F600x"], [1, 2, 3]);

        using (var set = ByteTokens.Encode(texts, ["a", "b"], 4, torch.CPU))
        {
            set.Inputs.data<long>().Should().Equal(98, 99, 0, 0, 98, 99, 100, 0, 0xF0 + 1, 0x9F + 1, 0x98 + 1, 0x80 + 1);
            set.Labels.data<long>().Should().Equal(1, 0, 1);
        }

        DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount.Should().Be(before);
    }
}
