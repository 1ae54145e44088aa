"""The other side of the interchange tests: safetensors by the published description, in PyTorch alone."""
import collections, hashlib, json, struct, sys

import torch

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32,
         "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}


def read(path):
    data = open(path, "rb").read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    texts, body, tensors = header.pop("__metadata__", {}), bytearray(data[start:]), {}
    for name, entry in header.items():
        dtype, (begin, end) = TYPES[entry["dtype"]], entry["data_offsets"]
        values = torch.frombuffer(body[begin:end], dtype=dtype) if end > begin else torch.empty(0, dtype=dtype)
        tensors[name] = values.reshape(entry["shape"])
    for name, other in texts.items():
        if other in tensors:
            tensors[name] = tensors[other]
    return tensors, texts


def write(path, tensors):
    names, header, body = {dtype: name for name, dtype in TYPES.items()}, {}, b""
    for name, tensor in tensors.items():
        values = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(values)]}
        body += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)


def checksum_agrees(path, texts):
    data, digits = open(path, "rb").read()[8:], texts["etfnet.sha256"].encode()
    return hashlib.sha256(data.replace(digits, b"0" * 64, 1)).hexdigest().encode() == digits


def model():
    torch.manual_seed(3)
    layers = [("fc1", torch.nn.Linear(16, 16)), ("norm", torch.nn.BatchNorm1d(16)), ("act1", torch.nn.ReLU()), ("fc2", torch.nn.Linear(16, 16)),
              ("act2", torch.nn.ReLU()), ("head", torch.nn.Linear(16, 4))]
    return torch.nn.Sequential(collections.OrderedDict(layers))


def make(weights, data):
    network, inputs = model(), torch.randn(64, 16)
    network(inputs)  # so that the running statistics are not those of a fresh network
    write(weights, network.state_dict())
    write(data, {"inputs": inputs, "outputs": network.eval()(inputs)})


def run(weights, data, outputs):
    network = model()
    network.load_state_dict({name: tensor for name, tensor in read(weights)[0].items()}, strict=True)
    write(outputs, {"outputs": network.eval()(read(data)[0]["inputs"])})


def show(*paths):
    everything = []
    for path in paths:
        tensors, texts = read(path)
        shown = {name: [str(tensor.dtype), list(tensor.shape), float(tensor.double().sum())] for name, tensor in tensors.items()}
        everything.append({"tensors": shown, "texts": texts, "agrees": checksum_agrees(path, texts)})
    print(json.dumps(everything))


{"make": make, "run": run, "show": show}[sys.argv[1]](*sys.argv[2:])
