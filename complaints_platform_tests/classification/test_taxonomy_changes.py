import polars as pl

from complaints_platform.classification.taxonomy import Taxonomy, load_taxonomy
from complaints_platform.classification.taxonomy_changes import MOVES_SCHEMA, labels_under, moves, name_changes

LABELS = {"text": pl.String, "category": pl.String, "subcategory": pl.String}


def taxonomy(places, version="1"):
    """A taxonomy of category → subcategory → seed."""
    return Taxonomy.model_validate(
        {
            "version": version,
            "fallback": next(iter(places)),
            "categories": [
                {
                    "name": category,
                    "definition": "x",
                    "subcategories": [
                        {"name": name, "definition": "x", "seeds": [seed]} for name, seed in subcategories.items()
                    ],
                }
                for category, subcategories in places.items()
            ],
        }
    )


OLD = taxonomy({"network": {"signal": "no bars", "speed": "slow"}, "money": {"refund": "pay back"}})
NEW = taxonomy(
    {
        "network": {"signal": "no reception"},
        "money": {"refund": "pay back", "speed": "slow"},
        "people": {"rude": "rude"},
    }
)


def test_names_that_come_go_move_and_are_reworded():
    assert name_changes(OLD, NEW)._asdict() == {
        "added": ["people/rude"],
        "removed": [],
        "moved": ["speed: network → money"],
        "reworded": ["network/signal"],
    }
    assert name_changes(NEW, OLD).removed == ["people/rude"]
    assert not any(name_changes(OLD, OLD))


def test_labels_keep_what_the_taxonomy_has_a_place_for():
    rows = [("a", "network", "signal"), ("b", "network", "speed"), ("c", "gone", None), ("d", "money", None)]
    labels = pl.DataFrame(rows, schema=LABELS, orient="row")
    assert labels_under(labels, NEW).rows() == [
        ("a", "network", "signal"),
        ("b", "network", None),
        ("d", "money", None),
    ]
    assert labels_under(labels, OLD).height == 3
    assert labels_under(labels.clear(), NEW).is_empty()


def test_moves_count_where_complaints_come_from_and_go_to():
    columns = {"category": pl.String, "subcategory": pl.String}
    before = pl.DataFrame([("a", "x"), ("a", "x"), ("b", None)], schema=columns, orient="row")
    after = pl.DataFrame([("a", "x"), ("b", "y"), ("b", None)], schema=columns, orient="row")
    found = moves(before, after)
    assert found.schema == MOVES_SCHEMA
    assert found.sort("to_category", "to_subcategory").rows() == [
        ("a", "x", "a", "x", 1),
        ("b", None, "b", None, 1),
        ("a", "x", "b", "y", 1),
    ]


def test_the_packaged_taxonomy_says_who_approved_it():
    packaged = load_taxonomy()
    assert packaged.approved_by
    assert str(packaged.approved_at) in packaged.approval


def test_approval_decides_nothing_and_is_whole_or_absent():
    approved = OLD.model_copy(update={"approved_by": "the board", "approved_at": "2026-01-01"})
    assert approved.fingerprint == OLD.fingerprint
    assert OLD.approval == "not approved yet"
