"""The classifier's speed as Markdown for people."""

from typing import Any


def markdown(measured: dict[str, Any]) -> str:
    """Return the tables of what ``classifier_run`` measured."""
    lines = [
        "## The classifier on one core, from a cold cache",
        "",
        "| fast tier | texts | texts/s | scikit-learn's own parts, texts/s | ratio | same predictions |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, row in measured["fast"].items():
        lines.append(
            f"| {name} | {row['texts']:,} | {row['ours_per_s']:,.0f} | {row['scikit_learn_per_s']:,.0f} "
            f"| {row['ratio']:.1f} | {row['same']:.4%} |"
        )
    lines += ["", "| cascade | texts | texts/s | judged twice |", "|---|---:|---:|---:|"]
    for name, row in measured["cascade"].items():
        lines.append(f"| {name} | {row['texts']:,} | {row['per_s']:,.0f} | {row['share_judged_twice']:.1%} |")
    training = measured["training"]
    lines += ["", f"Training on {training['texts']:,} texts: {training['seconds']:.0f} s."]
    if not measured["with_extra"]:
        lines.append("The extra `embeddings` is not installed: its tier was not measured.")
    return "\n".join(lines)
