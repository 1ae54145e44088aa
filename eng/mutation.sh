#!/usr/bin/env bash
# Mutation tests of the mathematics and the policy: changes src/EtfNet/{Geometry,Collapse,Adaptive/Policy} bit by bit, and asks whether a test notices. Fails below 85%.
# Takes an hour or two on one core. Builds the tests' Debug output with the changes in it; the next build replaces it. The report: out/mutation/reports.
set -euo pipefail
shopt -s globstar
cd "$(dirname "$0")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 OMP_NUM_THREADS=1
usage='usage: eng/mutation.sh [FILES ...]   patterns below src/EtfNet in place of all three folders, as in "Collapse/Scoring/*.cs"'
version=5.1.0
tool=$PWD/out/stryker-$version
files=()
for argument in "$@"; do
  case $argument in
    -h | --help) echo "$usage"; exit 0 ;;
    -*) echo "unknown option $argument; $usage" >&2; exit 2 ;;
    *)
      compgen -G "src/EtfNet/$argument" > /dev/null || { echo "no file is src/EtfNet/$argument; $usage" >&2; exit 2; }
      files+=(--mutate "$argument")
      ;;
  esac
done
[ -x "$tool/dotnet-stryker" ] || dotnet tool install dotnet-stryker --version "$version" --tool-path "$tool"

# From the folder of the tests: where a solution lies, Stryker would take all of it.
cd tests/EtfNet.Tests
exec "$tool/dotnet-stryker" --config-file ../../eng/stryker-config.json --output ../../out/mutation --skip-version-check "${files[@]}"
