"""Writes torch_convnet.safetensors, torch_convnet.npz and torch_convnet_io.npz: the weights of a small PyTorch network, a batch, and
what the network makes of it. Run: python3 torch_convnet.py (made with PyTorch 1.13.0, NumPy 1.24.2).

The safetensors file is written from the description of the format (README.md of huggingface/safetensors), in the order of the state
dict; where Python has the package, its reader must read the same. Nothing of Hadal is involved."""
import json
import struct

import numpy as np
import torch
from torch import nn

torch.manual_seed(1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4 * 4 * 4, 10)

    def forward(self, x):
        return self.fc(torch.flatten(torch.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 2), 1))


net = Net()
with torch.no_grad():  # statistics and affine parameters that are nobody's defaults
    net(torch.randn(32, 1, 8, 8) * 2 + 1)
    net.bn1.weight.uniform_(0.5, 1.5)
    net.bn1.bias.uniform_(-0.5, 0.5)
net.eval()
state = {k: v.numpy() for k, v in net.state_dict().items()}
x = torch.randn(5, 1, 8, 8)

header, body = {"__metadata__": {"format": "pt"}}, b""
for name, a in state.items():
    data = np.ascontiguousarray(a).tobytes()
    header[name] = {"dtype": {"float32": "F32", "int64": "I64"}[str(a.dtype)], "shape": list(a.shape), "data_offsets": [len(body), len(body) + len(data)]}
    body += data
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open("torch_convnet.safetensors", "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + body)
try:
    from safetensors.numpy import load_file
    for name, a in load_file("torch_convnet.safetensors").items():
        assert np.array_equal(a, state[name])
except ImportError:
    pass
np.savez_compressed("torch_convnet.npz", **state)
np.savez("torch_convnet_io.npz", x=x.numpy(), y=net(x).detach().numpy())
