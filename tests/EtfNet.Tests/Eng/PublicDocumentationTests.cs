using System.Reflection;
using System.Xml.Linq;
using EtfNet.Eng;
using FluentAssertions;
using Xunit;

namespace EtfNet.Tests.Eng;

/// <summary>The documentation that the package carries: of all public members, and of no type that users cannot see.</summary>
public sealed class PublicDocumentationTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly string[] s_api =
    [
        "#nullable enable", "EtfNet.Size", "EtfNet.Size.Height.get -> long", "EtfNet.Size.Size() -> void", "EtfNet.Box<T>",
        "static EtfNet.Size.implicit operator EtfNet.Size(long both) -> EtfNet.Size", "const EtfNet.Size.Most = 5 -> int",
        "EtfNet.Size.this[int index].get -> long", "virtual EtfNet.Box<T>.Open<TKey>(System.Func<TKey, T> key) -> T",
    ];

    [Theory]
    [InlineData("T:EtfNet.Size", true)]
    [InlineData("P:EtfNet.Size.Height", true)]
    [InlineData("P:EtfNet.Size.Width", false)]
    [InlineData("M:EtfNet.Size.#ctor", true)]
    [InlineData("M:EtfNet.Size.#ctor(System.Int64)", true)]
    [InlineData("M:EtfNet.Other.#ctor", false)]
    [InlineData("M:EtfNet.Size.op_Implicit(System.Int64)~EtfNet.Size", true)]
    [InlineData("F:EtfNet.Size.Most", true)]
    [InlineData("P:EtfNet.Size.Item(System.Int32)", true)]
    [InlineData("T:EtfNet.Box`1", true)]
    [InlineData("M:EtfNet.Box`1.Open``1(System.Func{``0,`0})", true)]
    [InlineData("M:EtfNet.Box`1.Close", false)]
    [InlineData("T:EtfNet.SizeReader", false)]
    public void Strip_Member_StaysIfItIsPublic(string id, bool isKept)
    {
        var stripped = PublicDocumentation.Strip($"<doc><members>\n  <member name=\"{id}\">\n  text</member>\n</members></doc>", s_api);

        stripped.Contains(id, StringComparison.Ordinal).Should().Be(isKept);
    }

    [Fact]
    public void Strip_CommentThatIsInheritedFromAnInternalMember_KeepsThatMember()
    {
        var stripped = PublicDocumentation.Strip("""
            <doc><members>
              <member name="P:EtfNet.Size.Height"><inheritdoc cref="P:EtfNet.Inner.One"/></member>
              <member name="P:EtfNet.Inner.One"><inheritdoc cref="P:EtfNet.Inner.Two"/></member>
              <member name="P:EtfNet.Inner.Two"><summary>A <c>b</c> <c>d</c>.</summary></member>
              <member name="P:EtfNet.Inner.Three"><summary>Unused.</summary></member>
            </members></doc>
            """, s_api);

        stripped.Should().ContainAll("Inner.One\"", "Inner.Two\"", "A <c>b</c> <c>d</c>.").And.NotContain("Three");
    }

    [Fact]
    public void DocumentationOfTheLibrary_HasEveryPublicTypeAndNoOther()
    {
        var assembly = typeof(SimplexEtf).Assembly;
        var documentation = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"));
        var ids = documentation.Descendants("member").Select(member => (string)member.Attribute("name")!).ToList();

        ids.Where(id => id.StartsWith("T:", StringComparison.Ordinal)).Should()
            .BeEquivalentTo(assembly.GetExportedTypes().Select(type => $"T:{type.FullName!.Replace('+', '.')}"));
        var members = ids.Select(id => id[2..].Split('(', '~')[0].Split("``")[0]).ToHashSet();
        foreach (var member in assembly.GetExportedTypes()
            .Where(type => !typeof(Delegate).IsAssignableFrom(type)).SelectMany(type => type.GetMembers(Declared)))
            if (member is PropertyInfo { GetMethod.IsPublic: true } or EventInfo { AddMethod.IsPublic: true }
                or FieldInfo { IsPublic: true, IsSpecialName: false })
                members.Should().Contain($"{member.DeclaringType!.FullName!.Replace('+', '.')}.{member.Name}");
    }

    [Fact]
    public void DocumentationOfTheLibrary_InheritsNothingThatIsNotInIt()
    {
        var documentation = XDocument.Load(Path.ChangeExtension(typeof(SimplexEtf).Assembly.Location, ".xml"));
        var ids = documentation.Descendants("member").Select(member => (string)member.Attribute("name")!).ToHashSet();

        documentation.Descendants("inheritdoc").Select(one => (string?)one.Attribute("cref")).OfType<string>()
            .Where(id => id.Contains(":EtfNet.", StringComparison.Ordinal)).Should().BeSubsetOf(ids);
    }
}
