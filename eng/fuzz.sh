#!/usr/bin/env bash
# Damaged and random bytes into every parser: eng/fuzz.sh [--count N] [--seed S] [--only NAME] [--out FOLDER]. Inputs that do harm are left in out/fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 OMP_NUM_THREADS=1
exec dotnet run -c Release --project tests/EtfNet.Tests -- fuzz "$@"
