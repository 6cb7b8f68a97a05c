"""A simulated month of corrections: fifty a day from the review queue, against as many drawn at random.

    python -m benchmarks.corrections_month [--days 30] [--draws 2]

The generator's truth is the reviewer. Every night the model is trained on all corrections so far; accuracy is that
on complaints of another generated month, of which none is ever corrected. The first model knows the
taxonomy's seed phrases only. Draws the picture that docs/labels-and-review.md shows.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from complaints_platform.classification.prediction import classify
from complaints_platform.classification.review import review_queue
from complaints_platform.classification.taxonomy import Taxonomy, load_taxonomy
from complaints_platform.classification.trained import TrainedModel
from complaints_platform.classification.training import train
from complaints_platform.cleaning import clean_texts
from complaints_platform.generator import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake.store import open_store

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "corrections.png"
PER_DAY = 300
"""Complaints a day."""
CORRECTIONS_PER_DAY = 50
EXAMINED = 4_000
"""Complaints of the other month on which accuracy is measured."""
MONTH_SEED, EXAM_SEED = 11, 12
LABEL_COLUMNS = ["text", "category", "subcategory"]

Choice = Callable[[TrainedModel, pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""(model, the day's complaints, corrections so far) → the complaints that are corrected."""


@dataclass(frozen=True)
class Curve:
    """Accuracy before the first day of corrections and after each day."""

    name: str
    accuracy: list[float]


def complaints_of(options: GeneratorOptions) -> pl.DataFrame:
    """Generate complaints: day, complaint_id, near_duplicate_of, cleaned text, true category and subcategory."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        write_files(options, store, store)
        rows = [
            json.loads(line)
            for name in store.names("truth")
            if name.endswith(".ndjson")
            for line in (store.get(f"truth/{name}") or b"").splitlines()
        ]
    columns = ["day", "key", "near_duplicate_of", "clean_text", "category", "subcategory"]
    usable = [[row[name] for name in columns] for row in rows if row["fate"] == "complaint" and row["category"]]
    frame = pl.DataFrame(usable, schema=columns, orient="row").rename({"key": "complaint_id", "clean_text": "text"})
    return frame.with_columns(clean_texts(frame["text"])).unique("complaint_id", keep="first", maintain_order=True)


def from_the_queue(model: TrainedModel, complaints: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Correct what the review queue asks for."""
    queue = review_queue(model, complaints, labels["text"], CORRECTIONS_PER_DAY)
    return queue.select("complaint_id").join(complaints, on="complaint_id", how="left", maintain_order="left")


def at_random(seed: int) -> Choice:
    """Correct complaints drawn at random, each text once."""
    rng = np.random.default_rng(seed)

    def choose(_model: TrainedModel, complaints: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
        new = complaints.filter(~pl.col("text").is_in(labels["text"].implode())).unique("text", maintain_order=True)
        return new[rng.permutation(new.height)[:CORRECTIONS_PER_DAY].tolist()]

    return choose


def simulate(name: str, choose: Choice, taxonomy: Taxonomy, days: list[pl.DataFrame], exam: pl.DataFrame) -> Curve:
    """Correct day after day; return how accurate the model is."""
    labels = pl.DataFrame(schema=dict.fromkeys(LABEL_COLUMNS, pl.String))
    model = train(taxonomy, labels)
    accuracy = [_accuracy(model, exam)]
    for day in days:
        labels = pl.concat([labels, choose(model, day, labels).select(LABEL_COLUMNS)])
        model = train(taxonomy, labels)
        accuracy.append(_accuracy(model, exam))
        print(f"{name}: {labels.height} corrections, accuracy {accuracy[-1]:.3f}", flush=True)
    return Curve(name, accuracy)


def _accuracy(model: TrainedModel, exam: pl.DataFrame) -> float:
    return float((classify(model, exam["text"])["category"] == exam["category"]).mean())


def draw(queue: Curve, draws: list[Curve], file: Path) -> None:
    """Draw accuracy by number of corrections."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=90, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    corrections = [CORRECTIONS_PER_DAY * day for day in range(len(queue.accuracy))]
    for number, curve in enumerate(draws):
        axes.plot(corrections, curve.accuracy, color="grey", linewidth=1, label=None if number else "drawn at random")
    axes.plot(corrections, queue.accuracy, color="tab:blue", linewidth=2, label="from the review queue")
    axes.set(xlabel=f"corrections ({CORRECTIONS_PER_DAY} a day)", ylabel="accuracy on another month")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, format="png")


def main() -> None:
    """Simulate, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--draws", type=int, default=2, help="how many random drawings to compare with")
    parser.add_argument("--out", type=Path, default=PICTURE)
    options = parser.parse_args()
    taxonomy = load_taxonomy()
    month = complaints_of(GeneratorOptions(days=options.days, per_day=PER_DAY, seed=MONTH_SEED))
    days = [month.filter(pl.col("day") == day) for day in sorted(month["day"].unique())[: options.days]]
    other = complaints_of(GeneratorOptions(days=14, per_day=PER_DAY + 100, seed=EXAM_SEED))
    unseen = other.filter(~pl.col("text").is_in(month["text"].implode())).unique("text", maintain_order=True)
    exam = unseen.sample(min(EXAMINED, unseen.height), seed=0)
    queue = simulate("queue", from_the_queue, taxonomy, days, exam)
    draws = [simulate(f"random {seed}", at_random(seed), taxonomy, days, exam) for seed in range(options.draws)]
    draw(queue, draws, options.out)
    for curve in (queue, *draws):
        print(curve.name, " ".join(f"{value:.3f}" for value in curve.accuracy))


if __name__ == "__main__":
    main()
