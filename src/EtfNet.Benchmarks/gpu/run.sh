#!/usr/bin/env bash
# Tests and benchmarks on a machine that has a GPU and a PyTorch, but neither .NET nor network.
#
#   gpu/run.sh publish [FOLDER]      with the .NET SDK: a self-contained build without libtorch; FOLDER (default out/gpu) and FOLDER.tar.xz
#   FOLDER/run.sh [OPTIONS]          there: tests, then ratios, benchmarks and their report, against the installed PyTorch's libtorch
#
#   --torch FOLDER   the folder of the torch package (or of any libtorch), that has lib/; default: python3's
#   --device cuda|cpu    default cuda
#   --name NAME      the report's name; default gpu
#   --threads COUNT  default 2
#   --quick          tiny shapes: whether it runs, not how fast
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() { echo "$*" >&2; exit 2; }

publish() {
  local root out
  root=$(cd "$here/../../.." && pwd)
  mkdir -p "${1:-$root/out/gpu}"
  out=$(cd "${1:-$root/out/gpu}" && pwd)
  rm -rf "$out/app"
  # Intermediate files stay out of the checkout: its own builds are for the SDK and with libtorch.
  for project in src/EtfNet.Benchmarks tests/EtfNet.Tests; do
    dotnet publish "$root/$project" -c Release -r linux-x64 --self-contained -p:TorchBackend=none -p:DebugType=none \
      -p:ErrorOnDuplicatePublishOutputFiles=false \
      --artifacts-path "$out/build" -o "$out/app"
  done
  rm -rf "$out/build"
  [ -z "$(find "$out/app" -name 'libtorch*.so*')" ] || fail "the build brings a libtorch of its own"
  cp "$here/run.sh" "$out/run.sh"
  tar -C "$out" -c app run.sh | xz -3 -T0 > "$out.tar.xz"
  echo "$out.tar.xz: $(du -m "$out.tar.xz" | cut -f1) MiB. There: tar -xJf, then ./run.sh"
}

run() {
  local torch="" device=cuda name=gpu threads=2 ratios=() benchmarks=(--filter '*') peers=()
  while [ $# -gt 0 ]; do
    case $1 in
      --quick) ratios=(--only identityForward --seconds 0.1) benchmarks=(--filter '*Limits*' --job dry) peers=(--quick); shift ;;
      --torch | --device | --name | --threads)
        [ $# -gt 1 ] || fail "$1 needs a value"
        printf -v "${1#--}" %s "$2"; shift 2 ;;
      *) fail "unknown option $1; see the head of $0" ;;
    esac
  done
  [ -n "$torch" ] || torch=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2> /dev/null) \
    || fail "python3 has no torch; give --torch FOLDER"
  [ -e "$torch/lib/libtorch_cpu.so" ] || fail "--torch $torch: there is no lib/libtorch_cpu.so"
  export LD_LIBRARY_PATH="$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" OMP_WAIT_POLICY=passive
  local missing
  missing=$(ldd -r "$here/app/libLibTorchSharp.so" 2>&1 | grep -E 'not found|undefined symbol' | grep -v 'weak version' || true)
  [ -z "$missing" ] || fail "$torch/lib does not have what this build was linked to: $(printf '%s\n' "$missing" | head -n 1)"

  # What reads the checkout (docs, samples, the build's own step) has no place here.
  "$here/app/EtfNet.Tests" test Tests.Adaptive. Tests.Checkpoints. Tests.Collapse. Tests.Devices. Tests.Geometry. Tests.Layers. \
    Tests.Modules. Tests.Monitoring. Tests.Replacement. Tests.ModuleExtensions
  local results="$here/results/$name" where=(--device "$device" --threads "$threads")
  mkdir -p "$results"
  "$here/app/EtfNet.Benchmarks" ratios "${where[@]}" "${ratios[@]}" --json "$results/ratios.json"
  (cd "$results" && "$here/app/EtfNet.Benchmarks" "${where[@]}" "${benchmarks[@]}")
  local pages=(--ratios "$results/ratios.json" --benchmarks "$results/BenchmarkDotNet.Artifacts/results")
  if python3 "$here/app/peers/peers.py" "${where[@]}" "${peers[@]}" --json "$results/peers.json"; then
    pages+=(--peers "$results/peers.json")
  fi
  python3 "$here/app/report/report.py" "$name" "${pages[@]}" --out "$here/results"
}

if [ "${1:-}" = publish ]; then
  shift
  publish "$@"
elif [ -d "$here/app" ]; then
  run "$@"
else
  fail "there is no build here; first: $0 publish [FOLDER]"
fi
