// The README that the package carries. nuget.org resolves no relative link, renders no HTML, and shows pictures from known hosts only.
// MSBuild compiles this one file (RoslynCodeTaskFactory, netstandard2.0); the tests compile it too, without the task.
#nullable disable
using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace EtfNet.Eng
{
    /// <summary>Rewrites the README of a checkout for nuget.org.</summary>
    public static class PackedReadme
    {
        private const string Host = "https://github.com/";

        /// <summary>Code, fenced or in a line, comes first and is kept.</summary>
        private const string CodeCommentOrLink =
            @"(?s)^```.*?^```|`[^`\n]+`|<!--.*?-->\r?\n?|(!?)\[((?:[^\]`]|`[^`\n]+`)*)\]\(([^)\s]+)\)";

        /// <summary>The address of a public repository as the package states it; null for any other, such as a local path.</summary>
        public static string PublicUrl(string repositoryUrl)
        {
            var match = Regex.Match(
                repositoryUrl ?? "", @"^https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?$", RegexOptions.IgnoreCase);
            return match.Success ? Host + match.Groups[1].Value + "/" + match.Groups[2].Value : null;
        }

        /// <summary>
        /// Makes relative links absolute, at one revision. Without a public repository they become their text, and pictures are left out.
        /// Comments are left out, code stays as it is.
        /// </summary>
        public static string Rewrite(string markdown, string repositoryUrl, string revision)
        {
            var url = string.IsNullOrEmpty(revision) ? null : PublicUrl(repositoryUrl);
            return Regex.Replace(markdown, CodeCommentOrLink, match =>
            {
                if (match.Value[0] == '`')
                    return match.Value;
                if (match.Value[0] == '<')
                    return "";
                var (isPicture, text, target) = (match.Groups[1].Length > 0, match.Groups[2].Value, match.Groups[3].Value);
                if (target[0] == '#' || target.Contains("://"))
                    return match.Value;
                if (url == null)
                    return isPicture ? "" : text;
                var place = isPicture ? url.Replace(Host, "https://raw.githubusercontent.com/") : url + "/blob";
                return match.Groups[1].Value + "[" + text + "](" + place + "/" + revision + "/" + target + ")";
            }, RegexOptions.Multiline);
        }
    }
#if !WITHOUT_MSBUILD

    /// <summary>Rewrites the README in a build.</summary>
    public sealed class PackReadme : Microsoft.Build.Utilities.Task
    {
        [Microsoft.Build.Framework.Required]
        public string Source { get; set; }

        [Microsoft.Build.Framework.Required]
        public string Target { get; set; }

        public string RepositoryUrl { get; set; }

        public string Revision { get; set; }

        [Microsoft.Build.Framework.Output]
        public string PublicUrl { get; set; }

        public override bool Execute()
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Target));
            File.WriteAllText(Target, PackedReadme.Rewrite(File.ReadAllText(Source), RepositoryUrl, Revision));
            PublicUrl = PackedReadme.PublicUrl(RepositoryUrl);
            return true;
        }
    }
#endif
}
