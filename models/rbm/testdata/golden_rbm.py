"""Writes golden_rbm.json: python3 golden_rbm.py (made with scikit-learn 1.2.1, NumPy 1.24.2).

Free energies and conditionals are scikit-learn's BernoulliRBM's; energies, log Z and the gradient of the mean log-likelihood are
sums over all states, as they are written."""
import itertools
import json

import numpy as np
from sklearn.neural_network import BernoulliRBM

rng = np.random.default_rng(1)
cases = []
for V, H in [(5, 3), (3, 6), (1, 1), (4, 4)]:
    W, a, b = rng.normal(size=(H, V)), rng.normal(size=V), rng.normal(size=H)
    m = BernoulliRBM(n_components=H)
    m.components_, m.intercept_visible_, m.intercept_hidden_ = W, a, b
    v = np.vstack([(rng.random((4, V)) < 0.5).astype(float), rng.random((2, V))])
    h = (rng.random((6, H)) < 0.5).astype(float)

    class Mean:  # a generator whose draws are below p exactly if p > 1/2: _sample_visibles then rounds the probabilities
        def uniform(self, size):
            return np.full(size, 0.5)

        random_sample = uniform

    visible = 1 / (1 + np.exp(-(h @ W + a)))
    assert np.array_equal(m._sample_visibles(h, Mean()), visible > 0.5)

    def energy(v, h):
        return -a @ v - b @ h - h @ W @ v

    states_v, states_h = (np.array(list(itertools.product([0.0, 1.0], repeat=n))) for n in (V, H))
    weights = np.array([[np.exp(-energy(s, t)) for t in states_h] for s in states_v])
    Z = weights.sum()
    p = weights / Z
    mean_hidden = m._mean_hiddens(v[:4])
    expected = np.einsum("ij,jh,iv->hv", p, states_h, states_v)
    cases.append(dict(
        visible=V, hidden=H, weight=W.ravel().tolist(), visible_bias=a.tolist(), hidden_bias=b.tolist(), v=v.ravel().tolist(), h=h.ravel().tolist(),
        energy=[energy(*pair) for pair in zip(v, h)], free_energy=m._free_energy(v).tolist(), hidden_prob=m._mean_hiddens(v).ravel().tolist(),
        visible_prob=visible.ravel().tolist(), log_partition=float(np.log(Z)),
        # of the first four rows of v
        grad_weight=(mean_hidden.T @ v[:4] / 4 - expected).ravel().tolist(), grad_visible=(v[:4].mean(0) - p.sum(1) @ states_v).tolist(),
        grad_hidden=(mean_hidden.mean(0) - p.sum(0) @ states_h).tolist()))
with open("golden_rbm.json", "w") as f:
    json.dump(cases, f, indent=0)
