"""Writes small WAVE files with SciPy and what torchaudio reads from them. Run in this folder: python3 golden.py"""
import json
import numpy as np
import torchaudio
from scipy.io import wavfile

rng = np.random.RandomState(1)
golden = {}
for name, dtype, shape in [("u8", np.uint8, (7,)), ("s16", np.int16, (5, 2)), ("s32", np.int32, (4, 3)), ("f32", np.float32, (6,)), ("f64", np.float64, (3, 2))]:
    if np.issubdtype(dtype, np.integer):
        i = np.iinfo(dtype)
        x = rng.randint(i.min, i.max, shape, dtype=dtype)
        x.ravel()[:2] = i.min, i.max
    else:
        x = rng.uniform(-1, 1, shape).astype(dtype)
    wavfile.write(name + ".wav", 8000, x)
    y, rate = torchaudio.load(name + ".wav")
    golden[name] = {"rate": rate, "shape": list(y.shape), "samples": [float(v) for v in y.flatten()]}
json.dump(golden, open("golden.json", "w"))
