"""The sender: everything arrives, once, in good time, and nobody is flooded."""

import pytest

from complaints_platform.alerting.events import Severity
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.planning import LONGEST_PAUSE, OTHERS_FIRST_AFTER, pause
from complaints_platform.lake.store import open_store
from complaints_platform_tests.alerting.tools import Office

ONE = """\
receivers: {mail: {url_env: MAIL_URL}}
routes: [{name: all, to: [mail]}]
"""
ESCALATES = """\
receivers: {mail: {url_env: MAIL_URL}, sms: {url_env: SMS_URL}, chief: {url_env: CHIEF_URL}}
routes:
  - name: all
    to: [mail]
    escalate: [{after_minutes: 30, to: [sms]}, {after_minutes: 60, to: [chief, sms]}]
"""
QUIET = """\
receivers: {mail: {url_env: MAIL_URL}}
routes: [{name: all, to: [mail], quiet_hours: {from: '11:00', to: '13:00'}}]
"""


def test_each_change_is_one_message_and_says_what_to_do(tmp_path):
    office = Office(tmp_path, ONE)
    (change,) = office.open("sms", kind="source_silent", source="sms")
    assert office.sender.send_due().messages == 1
    (message,) = office.transports["mail"].arrived
    assert message.name == f"{change.id}.mail"
    assert message.title == "[major] A sender has fallen silent (sms)"
    assert "Source: sms" in message.body
    assert "Next step: Ask the source's owner" in message.body
    assert "docs/runbook.md#source_silent" in message.body
    assert f"complaints alerts ack {change.id}" in message.body
    office.clock.move(hours=1)
    assert office.sender.send_due().messages == 0
    office.open(kind="source_silent")
    office.sender.send_due()
    assert office.transports["mail"].arrived[-1].title == "[major] Resolved: A sender has fallen silent (sms)"
    assert office.transports["mail"].arrived[-1].in_reply_to == message.name
    assert office.outbox.pending() == []


def test_without_routes_nothing_is_sent_and_everything_is_kept(tmp_path):
    office = Office(tmp_path, "receivers: {mail: {url_env: MAIL_URL}}")
    (change,) = office.open("collect")
    assert office.sender.send_due().messages == 0
    assert office.outbox.since(change.at.date()) == [change]


def test_a_killed_sender_loses_nothing_and_what_it_may_have_sent_has_the_same_identity(tmp_path):
    office = Office(tmp_path, ONE)
    office.open("a", "b")
    office.transports["mail"].crashes = True
    with pytest.raises(KeyboardInterrupt):
        office.sender.send_due()
    office.transports["mail"].crashes = False
    office.another_sender().send_due()
    assert len(office.transports["mail"].arrived) == 2  # the one in flight is left alone for a while, the other goes
    office.clock.move(minutes=4)
    office.another_sender().send_due()
    first, other, again = office.transports["mail"].arrived
    assert again == first
    assert len({first.name, other.name}) == 2
    office.clock.move(hours=5)
    assert office.another_sender().send_due().messages == 0


def test_of_two_senders_one_sends(tmp_path):
    office = Office(tmp_path, ONE)
    office.open("a", "b", "c")
    second = office.another_sender()
    mail = office.transports["mail"]
    send = mail.send

    def send_while_the_other_looks(message, reached):
        mail.send = send
        second.send_due()
        return send(message, reached)

    mail.send = send_while_the_other_looks
    office.sender.send_due()
    office.clock.move(minutes=10)
    office.sender.send_due()
    second.send_due()
    assert sorted(mail.told) == sorted(set(mail.told))
    assert len(mail.told) == 3


def test_a_dead_receiver_loses_nothing_and_is_not_flooded_when_it_is_back(tmp_path):
    office = Office(tmp_path, ONE)
    mail = office.transports["mail"]
    mail.works = False
    for minute in range(60):
        office.open(*(f"job {number}" for number in range(minute + 1)))
        office.sender.send_due()
        office.clock.move(minutes=1)
    assert len(mail.tried) < 10  # tried at growing intervals, not for each notification
    mail.works = True
    office.clock.move(minutes=15)
    office.sender.send_due()
    assert len(mail.arrived) <= 3
    assert len(mail.told) == len(set(mail.told)) == 60
    assert office.outbox.pending() == []
    assert max(len(message.notifications) for message in mail.arrived) > 30
    assert mail.arrived[0].title.endswith(" major")
    office.clock.move(hours=1)
    assert office.sender.send_due().messages == 0


def test_a_digest_that_may_have_arrived_is_sent_again_as_it_was(tmp_path):
    office = Office(tmp_path, ONE)
    mail = office.transports["mail"]
    office.open(*(f"job {number}" for number in range(8)))
    mail.crashes = True
    with pytest.raises(KeyboardInterrupt):
        office.sender.send_due()
    mail.crashes = False
    office.open(*(f"job {number}" for number in range(9)))
    office.clock.move(minutes=4)
    office.another_sender().send_due()
    first, again, other = mail.arrived
    assert first == again
    assert len(first.notifications) == 8
    assert len(other.notifications) == 1


def test_a_receiver_that_fails_does_not_keep_the_others_waiting(tmp_path):
    office = Office(tmp_path, ONE.replace("{mail:", "{aaa: {url_env: A}, mail:").replace("[mail]", "[aaa, mail]"))
    office.transports["aaa"].works = False
    office.open("a")
    sent = office.sender.send_due()
    assert (sent.messages, sent.failed, sent.waiting) == (1, 1, 1)
    assert sent.errors == ("aaa: refused",)
    assert office.outbox.health("aaa").failures == 1


def test_a_message_that_is_never_taken_holds_up_no_other_for_ever(tmp_path):
    office = Office(tmp_path, ONE)
    mail = office.transports["mail"]
    (poison,) = office.open("poison")
    send = mail.send

    def refuses_one(message, reached):
        mail.works = message.name != f"{poison.id}.mail"
        return send(message, reached)

    mail.send = refuses_one
    for _ in range(OTHERS_FIRST_AFTER):
        office.sender.send_due()
        office.clock.move(minutes=15)
    (good,) = office.open("poison", "good")
    office.sender.send_due()
    assert mail.told == [good.id]
    assert [each.id for each in office.outbox.pending()] == [poison.id]


def test_pauses_grow_to_a_quarter_of_an_hour():
    assert [pause(failures).total_seconds() for failures in (1, 2, 3, 4, 5)] == [30, 60, 120, 240, 480]
    assert pause(6) == pause(1000) == LONGEST_PAUSE


def test_what_comes_in_quiet_hours_goes_together_when_they_end_the_worst_at_once(tmp_path):
    office = Office(tmp_path, QUIET)
    office.open("a", "b", "c", "d", "e", "f")
    office.sender.send_due()
    assert office.transports["mail"].arrived == []
    office.open("fire", kind="lake_unreachable", severity=Severity.CRITICAL)
    office.sender.send_due()
    assert len(office.transports["mail"].told) == 1
    office.clock.move(hours=1)
    office.sender.send_due()
    assert [len(message.notifications) for message in office.transports["mail"].arrived] == [1, 6]


def test_what_nobody_acknowledges_escalates_step_by_step_each_once(tmp_path):
    office = Office(tmp_path, ESCALATES)
    office.open("collect")
    told = []
    for _ in range(70):
        office.sender.send_due()
        told.append([len(office.transports[name].arrived) for name in ("mail", "sms", "chief")])
        office.clock.move(minutes=1)
    assert told[29] == [1, 0, 0]
    assert told[30] == [1, 1, 0]
    assert told[60] == told[-1] == [1, 2, 1]
    assert office.transports["sms"].arrived[0].title == "Not acknowledged for 30 minutes: [major] A job is failing"
    office.open()
    office.sender.send_due()
    # Whoever heard of it by escalation hears that it is over.
    assert [len(office.transports[name].arrived) for name in ("mail", "sms", "chief")] == [2, 3, 2]
    assert office.outbox.pending() == []


@pytest.mark.parametrize("end", ["acknowledged", "resolved"])
def test_what_is_acknowledged_or_over_does_not_escalate(tmp_path, end):
    office = Office(tmp_path, ESCALATES)
    (change,) = office.open("collect")
    office.sender.send_due()
    office.clock.move(minutes=10)
    if end == "resolved":
        office.open()
    else:
        office.outbox.acknowledge(change.id, "ada", office.clock())
    for _ in range(10):
        office.sender.send_due()
        office.clock.move(minutes=10)
    assert office.transports["sms"].arrived == []
    assert office.outbox.pending() == []


def test_a_dead_first_receiver_does_not_stop_the_escalation(tmp_path):
    office = Office(tmp_path, ESCALATES)
    office.transports["mail"].works = False
    office.open("collect")
    office.clock.move(minutes=31)
    office.sender.send_due()
    assert len(office.transports["sms"].arrived) == 1


def test_worse_is_a_message_of_its_own_and_escalates_anew_after_an_acknowledgement(tmp_path):
    office = Office(tmp_path, ESCALATES)
    (change,) = office.open("collect", severity=Severity.MINOR)
    office.outbox.acknowledge(change.id, "ada", office.clock())
    office.open("collect", severity=Severity.CRITICAL)
    office.sender.send_due()
    assert [message.title for message in office.transports["mail"].arrived][-1] == "[critical] Worse: A job is failing"
    office.clock.move(minutes=30)
    office.sender.send_due()
    assert len(office.transports["sms"].arrived) == 1


def test_all_of_it_works_on_a_store(tmp_path):
    office = Office(tmp_path, ESCALATES, open_store(str(tmp_path / "lake")))
    office.transports["mail"].works = False
    office.open("a", "b")
    office.sender.send_due()
    office.transports["mail"].works = True
    office.clock.move(minutes=1)
    office.another_sender().send_due()
    assert sorted(office.transports["mail"].told) == sorted(each.id for each in Outbox(office.objects).open())
