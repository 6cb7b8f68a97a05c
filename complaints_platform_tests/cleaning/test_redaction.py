import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.cleaning import clean_texts


def cleaned(text):
    return clean_texts(pl.Series([text], dtype=pl.String))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call 08031234567 now", "call <PHONE> now"),
        ("on +234 803 123 4567, or 2348031234567.", "on <PHONE>, or <PHONE>."),
        ("(212) 555-0187 / 212-555-0187", "<PHONE> / <PHONE>"),
        ("ring 020 7946 0958, +44 (0)20 7946 0958 or 07911 123456", "ring <PHONE>, <PHONE> or <PHONE>"),
        ("from 0049 150 1234567", "from <PHONE>"),
        ("my number is 803 123 4567 2 days now", "my number is <PHONE> 2 days now"),
        ("Line 0803-123-4567 is dead", "Line <PHONE> is dead"),
        ("card 4111 1111 1111 1111 exp 12/25", "card <CARD> exp 12/25"),
        ("5500-0000-0000-0004 and 378282246310005", "<CARD> and <CARD>"),
        ("pay to DE89 3704 0044 0532 0130 00 PLEASE", "pay to <IBAN> PLEASE"),
        ("gb82west12345698765432.", "<IBAN>."),
        ("NIN 12345678901, BVN: 22345678901", "NIN <NATIONAL_ID>, BVN: <NATIONAL_ID>"),
        ("ssn 123-45-6789 or NI number AB 12 34 56 C", "ssn <NATIONAL_ID> or NI number <NATIONAL_ID>"),
        ("mail ada.obi+x@mail.example.co.uk!", "mail <EMAIL>!"),
        ("from 192.168.1.20 and 2001:db8::ff00:42:8329", "from <IP> and <IP>"),
        ("see https://x.com/r?token=abc and http://u:p@h.com/", "see <URL> and <URL>"),
        ("https://x.com/reset/9f86d081884c7d659a2feaa0c55ad015 now", "<URL> now"),
        (
            "account number 0123456789, acct: 12345678; a/c 123456",
            "account number <ACCOUNT>, acct: <ACCOUNT>; a/c <ACCOUNT>",
        ),
        ("my name is Ada Obi and my line is dead", "my name is <NAME> and my line is dead"),
        ("MY NAME IS ADA OBI AND MY LINE IS DEAD", "MY NAME IS <NAME> AND MY LINE IS DEAD"),
        ("my name is ada, i pay", "my name is <NAME>, i pay"),
        ("Account holder: Declan O'Brien. Name: Isla Shaw", "Account holder: <NAME>. Name: <NAME>"),
        ("it is registered in the name of ada obi", "it is registered in the name of <NAME>"),
        ("This is John Smith speaking. Regards, Mary-Jane O'Neil", "This is <NAME> speaking. Regards, <NAME>"),
        ("my number is 0803Â\xa0123 4567", "my number is <PHONE>"),
        (
            "+33 6 12 34 56 78 or 08031234567/08051234567, 08061234567,07911123456",
            "<PHONE> or <PHONE>/<PHONE>, <PHONE>,<PHONE>",
        ),
        ("call08031234567 or 08031234567pls", "call<PHONE> or <PHONE>pls"),
        ("my no 9819094029, mob 9167760211", "my no <PHONE>, mob <PHONE>"),
        ("my account is empty you can ring 08031234567", "my account is empty you can ring <PHONE>"),
        ("The card: 5105105105105100. 350 naira", "The card: <CARD>. 350 naira"),
        ("paid by 4111 1111 1111 1111 500 naira", "paid by <CARD> 500 naira"),
        ("JCB 3530 1113 3330 0000", "JCB <CARD>"),
        ("BVN-22345678901, NIN no. 12345678901", "BVN-<NATIONAL_ID>, NIN no. <NATIONAL_ID>"),
        ("NI number AB-12-34-56-C", "NI number <NATIONAL_ID>"),
        ("IP:203.0.113.7", "IP:<IP>"),
        ("pay.example.com/reset?user=1&token=2 or https://wa.me/2348031234567.", "<URL> or <URL>."),
        ("my name is Ade\u0301bayo\u0323\u0300 Eze.", "my name is <NAME>."),
        ("This is Adébáyọ̀ O'Brien speaking", "This is <NAME> speaking"),
        ("My name is Mr. Ada Obi. Name - Ada Obi", "My name is Mr. <NAME>. Name - <NAME>"),
        ("all the time, so it goes on My name is Ada Obi", "all the time, so it goes on My name is <NAME>"),
        ("adverts go on Account holder: Ada Obi", "adverts go on Account holder: <NAME>"),
        ("my name na Ada. Best wishes, Ada", "my name na <NAME>. Best wishes, <NAME>"),
        (
            "Mein Name ist Jürgen Groß. Mit freundlichen Grüßen Jürgen Groß",
            "Mein Name ist <NAME>. Mit freundlichen Grüßen <NAME>",
        ),
    ],
)
def test_personal_data_gives_way_to_its_token(text, expected):
    assert cleaned(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order number 4111111111111112 and ticket 1234567890",
        "about my account, TKT-815026: I texted STOP to 52809 10 times, and 2 54627 3 times",
        "at (40.71276000000002, -73.9876)",
        "on 01-02-2019 10:30 and 2019-05-06 12 and 0.123456789",
        "I paid $1500000.00 and NGN 2500000 for 1000000 units, account credited {$150000.00}",
        "https://t.co/AbC123 https://twitter.com/i/web/status/1234567890123456789",
        "XXXX XXXX called XX/XX/2019 about account XXXX, {$2500.00}",
        "regards to XXXX XXXX, Sincerely XXXX",
        "version 1.2.3.4.5 at 12:30:45, score 3:2:1",
        "the account in my name is fraudulent, my name is not on it",
        "GB12 WEST 1234 5698 7654 32 has wrong check digits",
        "@MTNNG no network in Surulere since 5am #fail",
        "this is what happens when i am still writing",
        "it costs 1,000,000 or 1234567,50 and, on pages 2019/2020, at 0159 in the bar",
        "the account on my name is wrong, the product name - basic",
        "see shop.example.com/list?page=2 or a==b",
        "Agency name : Acme, account name: Current, in the name of god, regards to all",
    ],
)
def test_what_is_not_personal_stays(text):
    assert cleaned(text) == text


PIECES = (  # noqa: SIM905 - words
    "call my number is 0803 123 4567 +234 (0) 4111 1111 . , - / : ; @ a@b.co DE89 3704 name Ada https://x.y/?token= "
    "<PHONE> < > account 12345678 ssn 123-45-6789 1.2.3.4 :: ae: Regards, \u0338 \u200d Ã © é & amp;"
).split()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["", " "]))
def test_cleaning_the_cleaned_changes_nothing(parts, glue):
    once = cleaned(glue.join(parts))
    assert cleaned(once) == once


@settings(deadline=None)
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=4))
def test_cleaning_never_raises_and_is_row_by_row(values):
    series = pl.Series(values, dtype=pl.String)
    assert clean_texts(series).to_list() == [cleaned(value) for value in values]
    assert clean_texts(clean_texts(series)).equals(clean_texts(series), null_equal=True)
