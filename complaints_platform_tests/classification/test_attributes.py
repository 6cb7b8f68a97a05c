import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.classification.attributes import ATTRIBUTE_SCHEMA, AttributeClassifier
from complaints_platform.classification.taxonomy import Attribute, load_taxonomy

TAXONOMY = load_taxonomy()


@pytest.fixture(scope="module")
def seeded():
    return AttributeClassifier().fit(TAXONOMY)


def test_seeds_alone_tell_the_plain_cases_apart(seeded):
    found = seeded.predict(
        pl.Series(
            [
                "my old father could not phone for an ambulance all night",
                "thank you all, brilliant and friendly support",
                "you are thieves, worst and most useless network",
                "what time do you open on Saturday?",
            ]
        )
    )
    assert found["is_complaint"].to_list() == [True, False, True, False]
    assert found["severity"].to_list()[0] == "high"
    assert found["sentiment"].to_list()[1:] == ["positive", "negative", "neutral"]


def test_what_holds_no_known_word_gets_the_fallback(seeded):
    found = seeded.predict(pl.Series([None, "", "漢字"], dtype=pl.String))
    assert found.unique().rows() == [(True, "medium", "neutral")]


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.one_of(st.none(), st.text(max_size=60)), max_size=12))
def test_no_text_is_an_error_and_no_row_depends_on_another(seeded, texts):
    series = pl.Series("text", texts, dtype=pl.String)
    together = seeded.predict(series)
    assert together.schema == ATTRIBUTE_SCHEMA
    assert together.height == len(texts)
    assert together.rows() == [seeded.predict(series[row : row + 1]).row(0) for row in range(len(texts))]


def test_a_taxonomy_without_attributes_leaves_them_open():
    bare = TAXONOMY.model_copy(update={"attributes": ()})
    found = AttributeClassifier().fit(bare).predict(pl.Series(["no signal"]))
    assert found.row(0) == (None, None, None)


def test_people_s_labels_teach_what_seeds_do_not_say():
    texts = [f"the zebra {word}" for word in ("left", "came", "slept", "ran", "sang", "fell", "ate", "hid")]
    labels = pl.DataFrame({"text": texts, "severity": ["high"] * len(texts), "sentiment": [None] * len(texts)})
    unseen = pl.Series(["a zebra again"])
    before, after = AttributeClassifier().fit(TAXONOMY), AttributeClassifier().fit(TAXONOMY, labels)
    assert before.predict(unseen)["severity"].item() != "high"
    assert after.predict(unseen)["severity"].item() == "high"
    assert after.predict(unseen)["sentiment"].equals(before.predict(unseen)["sentiment"])


def test_real_tweets_tone_is_learnt_from_labels(real_data):
    """Measured on a fifth of the UK operators' tweets: 0.77 with labels, 0.45 with seeds alone, 0.55 by always
    saying what is commonest."""
    names = {0: "negative", 1: "neutral", 2: "positive"}
    tweets = (
        pl.read_csv(real_data / "uk_telco_tweets_labelled.csv")
        .drop_nulls("sentiment")
        .select("text", sentiment=pl.col("sentiment").cast(pl.Int64).replace_strict(names))
        .unique("text", keep="first", maintain_order=True)
        .sample(fraction=1.0, shuffle=True, seed=1)
    )
    training, testing = tweets[: tweets.height * 4 // 5], tweets[tweets.height * 4 // 5 :]
    found = AttributeClassifier().fit(TAXONOMY, training).predict(testing["text"])
    assert (found["sentiment"] == testing["sentiment"]).mean() > 0.74


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fallback": "grave"}, "none of the values"),
        ({"name": "is_complaint"}, "must be yes and no"),
        ({"values": [{"name": "low", "definition": "x", "seeds": ["x"]}] * 2}, "unique"),
    ],
)
def test_an_attribute_that_contradicts_itself_is_refused(change, message):
    severity = next(attribute for attribute in TAXONOMY.attributes if attribute.name == "severity")
    with pytest.raises(ValueError, match=message):
        Attribute.model_validate(severity.model_dump() | change)
