#!/usr/bin/env bash
# As a new user would: an empty folder, `dotnet new console`, the package from a folder source, the README's first block pasted; then twenty steps that are
# checked. On a system with an old libstdc++ also in the wrong order: a first run that fails, then the right property, then a run. The other ways in: an older
# target framework (one clear error), F#, a file-based program, a single file, a trimmed program. The packed README is read as nuget.org shows it. Leaves nothing
# behind: the package goes to a folder of this test's own, everything else comes from the machine's package folder.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 OMP_NUM_THREADS=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shared=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: *//; s|/$||')
fail() { echo "consumer test: $*"; exit 1; }

# Any warning fails: warnings are errors here.
dotnet pack "$root/src/EtfNet" -c Release -v q -p:ContinuousIntegrationBuild=true -o "$work/feed"
package=$(echo "$work"/feed/EtfNet.*.nupkg)
version=$(basename "$package" .nupkg); version=${version#EtfNet.}
# What is in the package is checked below, file by file. The size is a second net: a file that grows by mistake, such as documentation of internal members.
# 477,104 bytes when this was written, nine tenths of it the library; a third more leaves room for code.
size=$(wc -c < "$package")
[ "$size" -lt 636000 ] || fail "the package has $size bytes, wanted less than 636000: see what has grown"
[ -s "${package%.nupkg}.snupkg" ] || fail "there is no symbol package"

# What nuget.org shows: every link of the README is absolute or gone. From a public checkout each names a file that is there.
links() { sed '/^```/,/^```/d' "$1/README.md" | grep -o '](\([^)]*\))' | sed 's/^](//; s/)$//' | grep -v '^#' || true; }
dotnet pack "$root/src/EtfNet" -c Release -v q --no-build -p:ContinuousIntegrationBuild=true -p:RepositoryUrl=https://github.com/example/EtfNet.git -o "$work/public"
for kind in feed public; do
  mkdir "$work/$kind-content"
  unzip -q "$work/$kind/EtfNet.$version.nupkg" -d "$work/$kind-content" 2> /dev/null || python3 -m zipfile -e "$work/$kind/EtfNet.$version.nupkg" "$work/$kind-content"
  for link in $(links "$work/$kind-content"); do
    case "$link" in https://*) ;; *) fail "the packed README ($kind) has a relative link: $link" ;; esac
    path=$(echo "$link" | sed -nE 's#^https://(github|raw.githubusercontent).com/example/EtfNet/(blob/)?[0-9a-f]{40}/([^\#]*).*#\3#p')
    case "$link" in *example/EtfNet*) [ -f "$root/$path" ] || fail "the packed README links to $link, which is not there" ;; esac
  done
done
[ "$(links "$work/public-content" | grep -c example/EtfNet)" -gt 20 ] || fail "the public package's README has lost its links"
grep -q '!\[.*raw.githubusercontent.com' "$work/public-content/README.md" || fail "the public package's README shows no picture"
grep -q '<projectUrl>https://github.com/example/EtfNet</projectUrl>' "$work/public-content/EtfNet.nuspec" || fail "the public package does not name its project"

cat > "$work/nuget.config" <<EOF
<configuration>
  <config><add key="globalPackagesFolder" value="$work/packages" /></config>
  <fallbackPackageFolders><add key="shared" value="$shared" /></fallbackPackageFolders>
  <packageSources><add key="local" value="$work/feed" /></packageSources>
</configuration>
EOF
# Links instead of copies of 480 MB: for speed alone.
cat > "$work/Directory.Build.props" <<EOF
<Project><PropertyGroup><CreateSymbolicLinksForCopyLocalIfPossible>true</CreateSymbolicLinksForCopyLocalIfPossible></PropertyGroup></Project>
EOF
unset NUGET_PACKAGES
new() { mkdir "$work/$1"; cd "$work/$1"; dotnet new console --no-restore "${@:2}" > /dev/null; }
add() {
  dotnet add package EtfNet --no-restore > /dev/null
  dotnet add package libtorch-cpu-linux-x64 --version 2.10.0 --no-restore > /dev/null
}
runs() {
  dotnet run --no-build > "$work/output.txt" 2>&1 || { cat "$work/output.txt"; fail "$1 did not run"; }
  grep -q ' fixed ' "$work/output.txt" || { cat "$work/output.txt"; fail "$1 printed no fixed layer"; }
}

# The README's first block, as it is; then the check.
new Consumer
add
grep -q 'Include="EtfNet"' Consumer.csproj || fail "dotnet add package did not add it"
awk '/^```csharp/ && !done { inside = 1; next } /^```/ && inside { exit } inside' "$root/README.md" > Program.cs
[ -s Program.cs ] || fail "README.md has no block of C#"
cp Program.cs "$work/block.cs"
echo 'return TwentySteps.Check();' >> Program.cs
cp "$root/eng/consumer/TwentySteps.cs" .
dotnet build -v q
[ -d "$work/packages/etfnet" ] || fail "the package did not come from the folder source"
# The library, its documentation and what the build of a program needs: no native library, no sample. The first lines are NuGet's own.
cat > "$work/wanted.txt" <<EOF
.nupkg.metadata
etfnet.$version.nupkg
etfnet.$version.nupkg.sha512
etfnet.nuspec
CHANGELOG.md
LICENSE
README.md
buildTransitive/net10.0/EtfNet.targets
buildTransitive/net10.0/OldLibstdcxx.cs
buildTransitive/net10.0/OldLibstdcxx.targets
icon.png
lib/net10.0/EtfNet.dll
lib/net10.0/EtfNet.xml
EOF
(cd "$work/packages/etfnet/$version" && find . -type f | sed 's|^\./||') > "$work/found.txt"
diff <(LC_ALL=C sort "$work/wanted.txt") <(LC_ALL=C sort "$work/found.txt") || fail "the package holds other files than wanted (<: missing, >: too many)"
runs "the README's first block"
grep -q '^twenty steps: ' "$work/output.txt" || fail "the twenty steps did not end"

# Wrong first: without the step a program does not start on an old libstdc++; the next build with it must mend that output.
cd "$work/Consumer"
rm -rf bin obj
dotnet build -v q -p:EtfNetUseOldLibstdcxxStep=false
if ! dotnet run --no-build > "$work/output.txt" 2>&1; then
  grep -q 'GLIBCXX_3.4.32\|LibTorchSharp' "$work/output.txt" || { cat "$work/output.txt"; fail "without the step the program failed for another reason"; }
  dotnet build -v q
  runs "the program after a first run that failed"
  echo "consumer test: an old libstdc++; the first run failed without the step, the next build mended it"
fi

# An older framework: one error that says so.
new Older
sed -i 's/net10.0/net8.0/' Older.csproj
add
if dotnet restore > "$work/output.txt" 2>&1; then fail "net8.0 was restored though the package has nothing for it"; fi
grep -q NU1202 "$work/output.txt" || { cat "$work/output.txt"; fail "net8.0 failed without NU1202"; }

# F#.
new FSharp -lang 'F#'
add
cp "$root/eng/consumer/Program.fs" Program.fs
dotnet build -v q
runs "the F# program"

# A file-based program.
mkdir "$work/File"
cd "$work/File"
{ echo "#:package EtfNet@$version"; echo '#:package libtorch-cpu-linux-x64@2.10.0'; cat "$work/block.cs"; } > app.cs
dotnet run app.cs > "$work/output.txt" 2>&1 || { cat "$work/output.txt"; fail "the file-based program did not run"; }
grep -q ' fixed ' "$work/output.txt" || { cat "$work/output.txt"; fail "the file-based program printed no fixed layer"; }

# A single file: the managed part is one file, libtorch stays beside it.
cd "$work/Consumer"
dotnet publish -v q -c Release -r linux-x64 --self-contained false -p:PublishSingleFile=true -o "$work/single"
"$work/single/Consumer" > "$work/output.txt" 2>&1 || { cat "$work/output.txt"; fail "the single file did not run"; }
grep -q '^twenty steps: ' "$work/output.txt" || fail "the twenty steps of the single file did not end"

# Trimmed: the library and TorchSharp are kept whole. Needs the runtime's package, which not every feed has.
if dotnet publish -v q -c Release -r linux-x64 --self-contained -p:PublishTrimmed=true -o "$work/trimmed" > "$work/output.txt" 2>&1; then
  "$work/trimmed/Consumer" > "$work/output.txt" 2>&1 || { cat "$work/output.txt"; fail "the trimmed program did not run"; }
  grep -q '^twenty steps: ' "$work/output.txt" || fail "the twenty steps of the trimmed program did not end"
else
  grep -q 'NU1101\|NU1102' "$work/output.txt" || { cat "$work/output.txt"; fail "the trimmed program was not published"; }
  echo "consumer test: the feed has no runtime package; no trimmed program was made"
fi
echo "consumer test passed: $(basename "$package"), $size bytes"
