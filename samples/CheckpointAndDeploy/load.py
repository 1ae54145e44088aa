"""Loads what CheckpointAndDeploy wrote into PyTorch, and compares the outputs: python3 load.py FOLDER."""
import collections
import json
import struct
import sys

import torch


def load_file(path):
    """Reads float32 tensors of a safetensors file; safetensors.torch.load_file does the same for every type."""
    data = open(path, "rb").read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    types = {"F32": torch.float32, "I64": torch.int64}
    body = bytearray(data[start:])
    return {name: torch.frombuffer(body[slice(*one["data_offsets"])], dtype=types[one["dtype"]]).reshape(one["shape"])
            for name, one in header.items()}


layers = [("flatten", torch.nn.Flatten())]
for i in range(1, 5):
    layers += [(f"linear{i}", torch.nn.Linear(784 if i == 1 else 256, 256)), (f"norm{i}", torch.nn.BatchNorm1d(256))]
    layers += [(f"relu{i}", torch.nn.ReLU())]
model = torch.nn.Sequential(collections.OrderedDict(layers + [("head", torch.nn.Linear(256, 10))]))
model.load_state_dict(load_file(sys.argv[1] + "/linear.safetensors"))
model.eval()

check = load_file(sys.argv[1] + "/outputs.safetensors")
with torch.no_grad():
    outputs = model(check["inputs"])
difference = float((outputs - check["outputs"]).norm() / check["outputs"].norm())
print(f"outputs in PyTorch and in .NET differ by {difference:.1e} of their norm")
sys.exit(0 if difference < 1e-5 else 1)
