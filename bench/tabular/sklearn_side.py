"""scikit-learn's side of bench/tabular: the same models on the same rows with the same hyper-parameters.

    python3 sklearn_side.py

prints a line of JSON on its versions, then answers each line of JSON on standard input by one. A line with "data" brings a data set:
x (rows of numbers, null for a missing one), y, folds (rows held out of each), regression, categories (columns that are categories).
"score" fits a model on every fold with a seed and returns the scores on the rows held out; "time" fits fold after fold until a budget
of seconds is over, at least one, and returns the milliseconds of each fit.
"""
import json, sys, time, warnings
import numpy as np
import scipy, sklearn
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from threadpoolctl import threadpool_info

warnings.filterwarnings("error", category=ConvergenceWarning)


def mlp(kind, p, seed):
    # Exactly as many epochs as are asked for: nothing stops it early, and the warning that says so is none.
    return kind(hidden_layer_sizes=(p["hidden"],), alpha=p["alpha"], batch_size=p["batch"], learning_rate_init=p["lr"], max_iter=p["epochs"],
                tol=0, n_iter_no_change=10 * p["epochs"], random_state=seed)


MODELS = {
    "linear regression": lambda p, seed: LinearRegression(),
    "ridge": lambda p, seed: Ridge(alpha=p["alpha"]),
    "lasso": lambda p, seed: Lasso(alpha=p["alpha"]),
    "logistic regression": lambda p, seed: LogisticRegression(C=p["C"], max_iter=1000),
    "linear SVM": lambda p, seed: LinearSVC(C=p["C"], loss="hinge", max_iter=p["iterations"], random_state=seed),
    "RBF SVM": lambda p, seed: SVC(C=p["C"]),
    "Gaussian naive Bayes": lambda p, seed: GaussianNB(),
    "MLP": lambda p, seed: mlp(MLPClassifier, p, seed),
    "MLP regressor": lambda p, seed: TransformedTargetRegressor(mlp(MLPRegressor, p, seed), transformer=StandardScaler()),
}


class Data:
    def __init__(self, d):
        self.x = np.array(d["x"], dtype=float)  # null becomes NaN
        self.regression = d["regression"]
        self.y = np.array(d["y"], dtype=float if self.regression else int)
        self.test = [np.array(f) for f in d["folds"]]
        self.train = [np.setdiff1d(np.arange(len(self.x)), f) for f in self.test]
        self.categories = d.get("categories") or []

    def model(self, name, p, seed):
        steps = [StandardScaler()]
        if self.categories:
            numbers = [j for j in range(self.x.shape[1]) if j not in self.categories]
            steps = [ColumnTransformer([("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
                                        ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=False), self.categories)])]
        if name.startswith("MLP"):
            steps.append(FunctionTransformer(np.float32))
        return make_pipeline(*steps, MODELS[name](p, seed))

    def fit(self, name, p, seed, fold):
        rows = self.train[fold]
        y = self.y[rows]
        if name == "MLP regressor":
            y = y.astype(np.float32)  # or all of its gradients are float64
        with warnings.catch_warnings():
            if name.startswith("MLP"):
                warnings.simplefilter("ignore", ConvergenceWarning)
            return self.model(name, p, seed).fit(self.x[rows], y)

    def score(self, name, p, seed):
        scores = []
        for fold, rows in enumerate(self.test):
            predicted, y = self.fit(name, p, seed, fold).predict(self.x[rows]), self.y[rows]
            scores.append([r2_score(y, predicted), mean_absolute_error(y, predicted)] if self.regression else [float(np.mean(predicted == y))])
        return scores

    def time(self, name, p, budget):
        begin, fits = time.perf_counter(), 0
        while fits == 0 or time.perf_counter() - begin < budget:
            self.fit(name, p, 0, fits % len(self.test))
            fits += 1
        return 1e3 * (time.perf_counter() - begin) / fits


def main():
    threads = max([p["num_threads"] for p in threadpool_info()] or [1])
    version = "scikit-learn %s, NumPy %s, SciPy %s" % (sklearn.__version__, np.__version__, scipy.__version__)
    blas = ", ".join(sorted({"%s %s" % (p["internal_api"], p["version"]) for p in threadpool_info() if p["user_api"] == "blas"}))
    print(json.dumps({"version": version + (", " + blas if blas else ""), "threads": threads}), flush=True)
    sets = {}
    for line in sys.stdin:
        r = json.loads(line)
        try:
            if r["do"] == "data":
                sets[r["set"]] = Data(r["data"])
                answer = {}
            elif r["do"] == "score":
                answer = {"scores": sets[r["set"]].score(r["model"], r["options"], r["seed"])}
            else:
                answer = {"ms": sets[r["set"]].time(r["model"], r["options"], r["budget"])}
        except Exception as e:
            answer = {"error": "%s: %s" % (type(e).__name__, " ".join(str(e).split()))}
        print(json.dumps(answer), flush=True)


main()
