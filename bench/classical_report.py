"""The table and the notes of classical_speed.

results, of one case: {"settings": the recipe's, "runs": {contender: [what each round gave]}}.
"""

import re

from measure import median, table

# The best published classical result on Fashion-MNIST, HOG and SVM: the data set's own table,
# https://github.com/zalandoresearch/fashion-mnist#benchmark
PUBLISHED = {"hog-svm": 0.926}

HEADINGS = ["model", "pictures", "", "fit", "ratio", "predict", "ratio", "accuracy"]


def middle(runs, key):
    return median([one[key] for one in runs])


def seconds(value):
    if value < 0.01:
        return f"{1e3 * value:.2f} ms"
    if value < 0.1:
        return f"{1e3 * value:.1f} ms"
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def percent(value):
    return f"{100 * value:.2f} %"


def ratio(theirs, ours):
    return f"{theirs / ours:.1f}" if theirs / ours >= 2 else f"{theirs / ours:.2f}"


def row(name, who, runs, ours):
    """One contender's times, each with how many times Thimble's it is."""
    fit, predict = middle(runs, "fit_seconds"), middle(runs, "predict_seconds")
    fits = [seconds(fit), ratio(fit, middle(ours, "fit_seconds"))]
    if name == "knn":
        fits = ["-", "-"]  # nothing to learn
    return [name, f"{runs[0]['train']:,}", who, *fits, seconds(predict),
            ratio(predict, middle(ours, "predict_seconds")), percent(middle(runs, "accuracy"))]


def time_to_loss(run_of_ours, loss):
    """Seconds until the training loss was `loss`, from what the fit said of its progress."""
    for update in run_of_ours["updates"]:
        found = re.search(r"loss ([\d.]+)", update["detail"])
        if found and float(found[1]) <= loss:
            return update["seconds"]
    return None


def time_to_loss_row(name, results):
    """Until the loss at which scikit-learn's iterations end; none if ours does not get there."""
    runs = results["runs"]
    times = [time_to_loss(one, runs["sklearn"][0]["loss"]) for one in runs["thimble"]]
    if None in times:
        return []
    results["seconds_to_peers_loss"] = times
    ours = middle(runs["thimble"], "fit_seconds")
    return [[name, f"{runs['thimble'][0]['train']:,}", "Thimble, to scikit-learn's loss",
             seconds(median(times)), ratio(median(times), ours), *["-"] * 3]]


def rows_of(name, results, names):
    """names: {contender: what the table calls it}; the others are held to the first contender."""
    runs = results["runs"]
    first = next(iter(runs.values()))
    rows = [row(name, names[key], of_one, first) for key, of_one in runs.items()]
    if name == "logistic" and {"thimble", "sklearn"} <= set(runs):
        rows[1:1] = time_to_loss_row(name, results)
    if name in PUBLISHED:
        published = percent(PUBLISHED[name])
        rows.append([name, rows[0][1], "published", *["-"] * 4, published])
    return rows


def logistic_notes(results, names):
    texts = []
    for key, runs in results["runs"].items():
        one = runs[0]
        if key == "thimble":
            objective = one["details"]["objective"]
            objective /= results["settings"]["model"]["C"] * one["train"]
            texts.append(f"Thimble ends at a training loss of {one['details']['mean_loss']:.6f} "
                         f"(with the penalty {objective:.6f}): {one['stopped_because']}")
        else:
            texts.append(f"{names[key]} after {one['iterations']} iterations of L-BFGS at "
                         f"{one['loss']:.6f} ({one['objective']:.6f})")
    return ["logistic: " + "; ".join(texts) + "."]


def knn_notes(results, names):
    texts = []
    for key, runs in results["runs"].items():
        compared = runs[0].get("neighbours")
        if compared:
            texts.append(
                f"knn: of {compared['queries']:,} queries {compared['identical']:,} have the same "
                f"neighbours in the same order from Thimble and {names[key]}, "
                f"{compared['equal_but_for_ties']:,} the same distances with ties resolved another "
                f"way, {compared['different']:,} others.")
    return texts


def memory_notes(name, results, names):
    peaks = [f"{names[key]} {max(one['peak_rss_bytes'] for one in runs) / 1e9:.2f} GB"
             for key, runs in results["runs"].items()]
    return [f"{name}: memory of the process at its peak: {', '.join(peaks)}."]


def notes_of(name, results, names):
    if name == "logistic":
        return logistic_notes(results, names)
    if name == "knn":
        return knn_notes(results, names)
    return memory_notes(name, results, names) if "svm" in name or name == "boost" else []


def report(measured, names):
    """measured: {case: results}"""
    rows = [row for name, results in measured.items() for row in rows_of(name, results, names)]
    notes = [note for name, results in measured.items() for note in notes_of(name, results, names)]
    text = table(HEADINGS, rows)
    return text + "\n\n" + "\n".join(f"- {note}" for note in notes) if notes else text
