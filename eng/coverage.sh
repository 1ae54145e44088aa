#!/usr/bin/env bash
# The tests with the line coverage of src/EtfNet; fails below 95%. Further arguments go to dotnet test.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
minimum=95
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
dotnet test -c Release --collect "XPlat Code Coverage" --results-directory "$results" "$@" -- \
  DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.Include="[EtfNet]*" \
  DataCollectionRunSettings.DataCollectors.DataCollector.Configuration.ExcludeByFile="**/obj/**"
report=$(find "$results" -name coverage.cobertura.xml | head -n 1)
[ -n "$report" ] || { echo "the tests left no coverage report"; exit 1; }
rate=$(grep -o '<coverage line-rate="[0-9.]*"' "$report" | grep -o '[0-9.]*')
awk -v rate="$rate" -v minimum="$minimum" 'BEGIN { printf "line coverage of src/EtfNet: %.1f%%, wanted %d%%\n", 100 * rate, minimum; exit !(100 * rate >= minimum) }'
