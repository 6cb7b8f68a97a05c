import pytest
import yaml

from complaints_platform.classification.taxonomy import Taxonomy, load_taxonomy
from complaints_platform.classification.tokens import normalise
from complaints_platform.errors import ModelError

SMALL = {
    "version": "7",
    "fallback": "other",
    "categories": [
        {
            "name": "network",
            "definition": "No service.",
            "subcategories": [
                {"name": "signal", "definition": "None.", "seeds": ["no signal"]},
                {"name": "speed", "definition": "Slow.", "seeds": ["too slow"], "crosswalk": {"fcc": "Speed"}},
            ],
        },
        {
            "name": "other",
            "definition": "Else.",
            "subcategories": [{"name": "chatter", "definition": "Talk.", "seeds": ["hello"]}],
        },
    ],
}


def written(tmp_path, document):
    path = tmp_path / "own.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return path


def test_the_packaged_taxonomy_has_what_training_needs():
    taxonomy = load_taxonomy()
    assert len(taxonomy.category_names) == 14
    assert taxonomy.fallback == "other_review"
    for category in taxonomy.categories:
        for subcategory in category.subcategories:
            assert len(subcategory.seeds) >= 24, subcategory.name
            assert subcategory.keywords, subcategory.name
            regulators = set() if category.name == taxonomy.fallback else {"ncc", "ofcom", "fcc", "acma"}
            assert set(subcategory.crosswalk) == regulators, subcategory.name


def test_no_seed_or_keyword_stands_in_two_subcategories():
    taxonomy = load_taxonomy()
    where: dict[str, str] = {}
    for phrase, subcategory in [*taxonomy.seed_phrases(), *taxonomy.keyword_phrases()]:
        assert where.setdefault(normalise(phrase), subcategory) == subcategory, phrase


def test_an_own_file_takes_its_place(tmp_path):
    taxonomy = load_taxonomy(written(tmp_path, SMALL))
    assert taxonomy.version == "7"
    assert taxonomy.parent("speed") == "network"
    assert taxonomy.seed_phrases() == [("no signal", "signal"), ("too slow", "speed"), ("hello", "chatter")]


def test_a_title_is_made_of_the_name_unless_there_is_one(tmp_path):
    taxonomy = load_taxonomy(written(tmp_path, SMALL))
    assert [category.title for category in taxonomy.categories] == [
        name.capitalize() for name in taxonomy.category_names
    ]
    titles = {category.name: category.title for category in load_taxonomy().categories}
    assert titles["sim_identity"] == "SIM and identity"
    assert all("_" not in title and title[0].isupper() for title in titles.values())


def test_an_unknown_subcategory_is_named(tmp_path):
    with pytest.raises(ModelError, match="'weather'"):
        load_taxonomy(written(tmp_path, SMALL)).parent("weather")


def test_the_fingerprint_follows_what_decides_and_nothing_else():
    def fingerprint(**changes):
        first, other = SMALL["categories"]
        signal, speed = first["subcategories"]
        return Taxonomy.model_validate(
            {**SMALL, "categories": [{**first, "subcategories": [{**signal, **changes}, speed]}, other]}
        ).fingerprint

    assert fingerprint() == fingerprint(crosswalk={"ncc": "C"}) == fingerprint(title="Reception")
    changes = ({}, {"seeds": ["no bars"]}, {"keywords": ["bars"]}, {"definition": "Another wording."})
    assert len({fingerprint(**change) for change in changes}) == 4
    assert Taxonomy.model_validate({**SMALL, "frames": {"openings": ["hello"]}}).fingerprint != fingerprint()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("a: [", "can't be read as YAML"),
        ("- a list", "must be a mapping"),
        ({**SMALL, "fallback": "none"}, "fallback 'none'"),
        ({**SMALL, "color": "red"}, "color"),
        ({**SMALL, "categories": SMALL["categories"][:1]}, "categories"),
        ({**SMALL, "categories": [SMALL["categories"][0], SMALL["categories"][0]]}, "network appears more"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_and_where(tmp_path, document, message):
    path = written(tmp_path, document)
    with pytest.raises(ModelError, match=message) as caught:
        load_taxonomy(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"absent\.yaml"):
        load_taxonomy(tmp_path / "absent.yaml")
