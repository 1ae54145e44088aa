#!/usr/bin/env bash
# As a new user would: an empty folder, `dotnet new console`, the package from a local feed, the README's first block pasted; then twenty steps that are checked.
# Leaves nothing behind: the package goes to a folder of this test's own, everything else comes from the machine's package folder.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shared=$(dotnet nuget locals global-packages --list | sed 's/^[^:]*: *//; s|/$||')

# Any warning fails: warnings are errors here.
dotnet pack "$root/src/EtfNet" -c Release -v q -p:ContinuousIntegrationBuild=true -o "$work/feed"
package=$(echo "$work"/feed/EtfNet.*.nupkg)
size=$(wc -c < "$package")
[ "$size" -lt 307200 ] || { echo "the package has $size bytes, wanted less than 307200"; exit 1; }
[ -s "${package%.nupkg}.snupkg" ] || { echo "there is no symbol package"; exit 1; }

mkdir "$work/Consumer"
cd "$work/Consumer"
cat > nuget.config <<EOF
<configuration>
  <config><add key="globalPackagesFolder" value="$work/packages" /></config>
  <fallbackPackageFolders><add key="shared" value="$shared" /></fallbackPackageFolders>
  <packageSources><add key="local" value="$work/feed" /></packageSources>
</configuration>
EOF
# Links instead of copies of 480 MB: for speed alone. The other property is the one that the README names.
cat > Directory.Build.props <<'EOF'
<Project>
  <PropertyGroup>
    <CreateSymbolicLinksForCopyLocalIfPossible>true</CreateSymbolicLinksForCopyLocalIfPossible>
    <EtfNetUseOldLibstdcxxStep>true</EtfNetUseOldLibstdcxxStep>
  </PropertyGroup>
</Project>
EOF
unset NUGET_PACKAGES
dotnet new console --no-restore > /dev/null
dotnet add package EtfNet --no-restore > /dev/null
dotnet add package libtorch-cpu-linux-x64 --version 2.10.0 --no-restore > /dev/null
[ -s Consumer.csproj ] && grep -q 'Include="EtfNet"' Consumer.csproj || { echo "dotnet add package did not add it"; exit 1; }

# The README's first block, as it is; then the check.
awk '/^```csharp/ && !done { inside = 1; next } /^```/ && inside { exit } inside' "$root/README.md" > Program.cs
[ -s Program.cs ] || { echo "README.md has no block of C#"; exit 1; }
echo 'return TwentySteps.Check();' >> Program.cs
cp "$root/eng/consumer/TwentySteps.cs" .
dotnet build -v q
[ -d "$work/packages/etfnet" ] || { echo "the package did not come from the local feed"; exit 1; }
OMP_NUM_THREADS=1 dotnet run --no-build | tee "$work/output.txt"
grep -q ' fixed  ' "$work/output.txt" || { echo "the README's first block printed no fixed layer"; exit 1; }
grep -q '^twenty steps: ' "$work/output.txt" || { echo "the twenty steps did not end"; exit 1; }
echo "consumer test passed: $(basename "$package"), $size bytes"
