#!/usr/bin/env bash
# Builds the site: the pages of docs and the reference, with DocFX. A broken link, anchor or cross-reference fails. The site goes to out/site, or to the
# folder given; nothing of it is committed.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
site=${1:-out/site}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

dotnet tool restore > "$log" 2>&1 || { cat "$log"; exit 1; }
# The reference is read from the library beside a program that has all that it refers to.
[ -s samples/QuickStart/bin/Release/net10.0/EtfNet.xml ] || dotnet build -c Release -v q samples/QuickStart
rm -rf out/reference "$site"
dotnet docfx docfx.json --output "$site" > "$log" 2>&1 || { cat "$log"; exit 1; }
if grep -iE ': (warning|error)|^(warning|error)' "$log"; then echo "site: the lines above are wrong in the pages or in the library's comments"; exit 1; fi
pages=$(find "$site" -name '*.html' | wc -l)
[ -s "$site/reference/EtfNet.AdaptiveEtfScheduler.html" ] && [ -s "$site/docs/concepts.html" ] || { cat "$log"; echo "site: a page is missing"; exit 1; }
echo "site: $pages pages in $site"
