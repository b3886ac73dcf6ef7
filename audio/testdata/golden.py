"""Writes what torchaudio 0.13 computes to golden.json. Run in this folder: python3 golden.py"""
import json
import torch
import torchaudio
import torchaudio.functional as F
import torchaudio.transforms as T

g = torch.Generator().manual_seed(1)
x = (torch.rand(300, generator=g) - 0.5) + torch.sin(torch.arange(300) * 0.3)
two = torch.stack([x[:150], x[150:]])


def flat(t):
    return {"shape": list(t.shape), "data": [float("%.9g" % v) for v in t.flatten()]}


out = {
    "x": flat(x),
    "spectrogram": flat(T.Spectrogram(n_fft=64)(x)),
    "amplitude": flat(T.Spectrogram(n_fft=50, win_length=40, hop_length=17, power=1.0, center=False)(two)),
    "mel": flat(T.MelSpectrogram(8000, n_fft=64, n_mels=10)(x)),
    "mel_slaney": flat(T.MelSpectrogram(8000, n_fft=64, hop_length=20, n_mels=12, f_min=100, f_max=3500, norm="slaney", mel_scale="slaney")(two)),
    "filters": flat(F.melscale_fbanks(33, 0.0, 4000.0, 10, 8000, norm=None, mel_scale="htk")),
    "filters_slaney": flat(F.melscale_fbanks(33, 20.0, 3000.0, 8, 8000, norm="slaney", mel_scale="slaney")),
    "mfcc": flat(T.MFCC(8000, n_mfcc=7, melkwargs=dict(n_fft=64, n_mels=10))(x)),
    "mfcc_log": flat(T.MFCC(8000, n_mfcc=5, log_mels=True, melkwargs=dict(n_fft=64, n_mels=10))(x)),
    "deltas": flat(F.compute_deltas(x[:24].reshape(2, 12), win_length=5)),
    "deltas_9": flat(F.compute_deltas(x[:24].reshape(2, 12), win_length=9)),
    "db": flat(F.amplitude_to_DB(x[:24].reshape(2, 12).abs(), 20.0, 1e-10, 0.0, top_db=30.0)),
}
json.dump(out, open("golden.json", "w"))
