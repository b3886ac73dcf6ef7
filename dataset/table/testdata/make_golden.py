"""Writes golden.json: columns imputed, scaled and one-hot encoded by scikit-learn. Run: python3 make_golden.py (scikit-learn 1.2).

Each case holds a training and a test table as CSV and what ColumnTransformer makes of both when it is fitted on the first."""

import json
import os

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

rng = np.random.default_rng(7)


def table(n, cities, holes):
    def hole(v):
        return "" if holes and rng.random() < 0.15 else v

    return [
        [hole(repr(float(rng.normal(40, 12)))), hole(str(rng.integers(0, 4))), hole(repr(float(rng.lognormal(3, 2)))), hole(str(rng.choice(cities))), hole(str(rng.choice(["no", "yes"])))]
        for _ in range(n)
    ]


NAMES = ["age", "children", "fare", "city", "married"]


def columns(rows):
    x = np.empty((len(rows), 5), dtype=object)
    for i, r in enumerate(rows):
        for j in range(3):
            x[i, j] = float(r[j]) if r[j] else np.nan
        for j in (3, 4):
            x[i, j] = r[j] if r[j] else np.nan
    return x


def case(name, n, holes, impute, scale, indicator=False, text="most_frequent", fill=0.0, drop=None):
    train, test = table(n, ["Bonn", "Ulm", "Köln", "a b"], holes), table(9, ["Bonn", "Ulm", "Rom"] if drop is None else ["Bonn", "Ulm"], holes)
    number = [SimpleImputer(strategy=impute, fill_value=fill if impute == "constant" else None)]
    number += {"standard": [StandardScaler()], "minmax": [MinMaxScaler()], "none": []}[scale]
    category = make_pipeline(SimpleImputer(strategy=text, fill_value="missing"), OneHotEncoder(handle_unknown="error" if drop else "ignore", drop=drop, sparse_output=False))
    parts = [("n%d" % j, make_pipeline(*[type(s)(**s.get_params()) for s in number]), [j]) for j in range(3)] + [("c%d" % j, category, [j]) for j in (3, 4)]
    both = []
    for p in parts:
        both.append(p)
        if indicator:
            from sklearn.impute import MissingIndicator

            if any(not r[p[2][0]] for r in train):
                both.append((p[0] + "m", MissingIndicator(features="all", missing_values=np.nan), p[2]))
    t = ColumnTransformer(both)
    x = t.fit_transform(columns(train)).astype(float)
    y = t.transform(columns(test)).astype(float)

    def text_of(rows):
        return "\n".join(",".join(r) for r in [NAMES] + rows) + "\n"

    return dict(name=name, train=text_of(train), test=text_of(test), impute=impute, scale=scale, indicator=indicator, text=text, fill=fill, drop=bool(drop), x=x.tolist(), y=y.tolist())


cases = [
    case("whole", 20, False, "mean", "standard"),
    case("mean", 31, True, "mean", "standard"),
    case("median", 30, True, "median", "standard"),
    case("median, odd", 33, True, "median", "minmax"),
    case("most frequent", 40, True, "most_frequent", "none"),
    case("constant", 25, True, "constant", "standard", text="constant", fill=-1.5),
    case("indicators", 28, True, "mean", "minmax", indicator=True),
    case("drop first", 30, True, "mean", "standard", drop="first"),
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=False) for c in cases) + "\n]\n")
