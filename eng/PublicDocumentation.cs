// The documentation file that the package carries. The compiler writes the comments of all members into it; users can see the public ones
// alone.
// MSBuild compiles this one file (RoslynCodeTaskFactory, netstandard2.0); the tests compile it too, without the task.
#nullable disable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace EtfNet.Eng
{
    /// <summary>Takes the members that are not public out of a documentation file.</summary>
    /// <remarks>
    /// Public is what the PublicAPI files list: the build checks that they are complete. Overloads count as one, so an internal overload of
    /// a public method
    /// stays. A member that the comment of a kept one points to with inheritdoc stays too: an editor reads it from this file.
    /// </remarks>
    public static class PublicDocumentation
    {
        private const string Modifiers = "^(?:~|(?:abstract|const|override|readonly|static|virtual) )*";
        private const string Operator = ".operator";

        /// <summary>Removes them.</summary>
        /// <param name="documentation">The content of the file that the compiler wrote.</param>
        /// <param name="publicApi">The lines of the PublicAPI files.</param>
        public static string Strip(string documentation, IEnumerable<string> publicApi)
        {
            var names = new HashSet<string>(publicApi.Where(line => !line.StartsWith("#nullable", StringComparison.Ordinal))
                .Select(NameOfApi));
            var document = XDocument.Parse(documentation, LoadOptions.PreserveWhitespace);
            var members = document.Descendants("member").ToDictionary(member => (string)member.Attribute("name"));
            var kept = new HashSet<string>(members.Keys.Where(id => names.Contains(NameOfId(id))));
            var added = new Queue<string>(kept);
            while (added.Count > 0)
                foreach (var source in members[added.Dequeue()].Descendants("inheritdoc").Select(one => (string)one.Attribute("cref")))
                    if (source != null && members.ContainsKey(source) && kept.Add(source))
                        added.Enqueue(source);
            foreach (var member in members.Where(member => !kept.Contains(member.Key)).Select(member => member.Value))
            {
                // The line break and the indentation before it.
                if (member.PreviousNode is XText)
                    member.PreviousNode.Remove();
                member.Remove();
            }

            return document.Declaration + Environment.NewLine + document.ToString(SaveOptions.DisableFormatting);
        }

        /// <summary>Strips a file into another one.</summary>
        public static void StripFile(string source, string target, IEnumerable<string> publicApiFiles)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target));
            File.WriteAllText(target, Strip(File.ReadAllText(source), publicApiFiles.SelectMany(File.ReadLines)));
        }

        /// <summary>The name of a line such as <c>static EtfNet.Type.Member(int x) -> void</c>, <c>EtfNet.Type.Property.get -> int</c>:
        /// without arguments.</summary>
        private static string NameOfApi(string line)
        {
            var name = WithoutTypeArguments(Regex.Replace(line, Modifiers, ""));
            if (Regex.Match(name, @"^(\S*)\.(?:\w+ )?operator ") is Match { Success: true } type)
                return type.Groups[1].Value + Operator;
            name = Regex.Replace(name, @"\.this\[.*", ".Item");
            return Regex.Replace(Regex.Match(name, "^[^( ]*").Value, @"\.(?:get|set|init)$", "");
        }

        /// <summary>The same name of an id such as <c>M:EtfNet.Type.Member(System.Int32)</c>. A constructor has its type's name; operators
        /// count as one.</summary>
        private static string NameOfId(string id)
        {
            var name = Regex.Replace(Regex.Match(id, @"^\w:([^(~]*)").Groups[1].Value, @"`+\d+", "");
            return Regex.Replace(Regex.Replace(name, @"([^.]*)\.#ctor$", "$1.$1"), @"\.op_\w+$", Operator);
        }

        private static string WithoutTypeArguments(string text)
        {
            for (var shorter = text; ; text = shorter)
                if ((shorter = Regex.Replace(text, "<[^<>]*>", "")) == text)
                    return text;
        }
    }
#if !WITHOUT_MSBUILD

    /// <summary>Strips a documentation file in a build.</summary>
    public sealed class StripInternalDocumentation : Microsoft.Build.Utilities.Task
    {
        [Microsoft.Build.Framework.Required]
        public string Source { get; set; }

        [Microsoft.Build.Framework.Required]
        public string Target { get; set; }

        [Microsoft.Build.Framework.Required]
        public string[] PublicApi { get; set; }

        public override bool Execute()
        {
            PublicDocumentation.StripFile(Source, Target, PublicApi);
            return true;
        }
    }
#endif
}
