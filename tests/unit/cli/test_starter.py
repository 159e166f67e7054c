"""The first fleet of `init`: whatever the readers take, the text is a fleet that says it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backupgen.cli.starter import AnswerError, StarterAnswers, StarterTarget, compose, judge, read_target
from backupgen.pipeline import compile_fleet
from tests.fleets import IMAGES, WORDS
from tests.thoroughness import examples

NAMES = WORDS | st.sampled_from(["no", "null", "1e3", "0x1", "12", "true", "y", "1-2"])
TARGETS = st.builds(StarterTarget, NAMES, NAMES, NAMES, st.integers(1, 2**31 - 1))


@given(
    answers=st.builds(
        StarterAnswers,
        NAMES,
        NAMES,
        st.sampled_from(["UTC", "Europe/Berlin", "Etc/GMT+1", "EST5EDT"]),
        IMAGES,
        st.sampled_from(
            ["s3:s3.example.com/b", "rest:https://h:8000/a b", "b2:x:y", "b2:null: #x", "rest:http://a.b.svc/"]
        ),
        st.lists(TARGETS, min_size=1, max_size=4, unique_by=lambda target: target.name).map(tuple),
    )
)
@example(answers=StarterAnswers("no", "on", "UTC", "restic", "b2:null: #x", (StarterTarget("y", "12", "null", 5),)))
@examples(40)
def test_the_text_says_what_was_answered(answers: StarterAnswers) -> None:
    try:
        judge("repository", answers.repository)
    except AnswerError:
        return
    checked = compile_fleet(compose(answers).encode(), "fleet.yaml")
    assert checked.value is not None, checked.findings
    fleet = checked.value.fleet
    assert (fleet.name, fleet.home_namespace, fleet.timezone) == (
        answers.name,
        answers.home_namespace,
        answers.timezone,
    )
    assert (fleet.images.restic, fleet.repositories[0].location.text) == (answers.image, answers.repository)
    assert {
        (target.job.namespace, target.name, target.volumes[0].claim, target.job.user.uid) for target in fleet.targets
    } == {(target.namespace, target.name, target.claim, target.uid) for target in answers.targets}


@pytest.mark.parametrize("number", [1, 10, 11, 40, 41, 100])
def test_there_is_room_for_all(number: int) -> None:
    targets = tuple(StarterTarget("apps", f"app-{index}", f"data-{index}") for index in range(number))
    text = compose(StarterAnswers("home", "backup", "Europe/Berlin", "a/restic:1", "s3:s3.example.com/b", targets))
    checked = compile_fleet(text.encode(), "fleet.yaml")
    assert {finding.info.slug for finding in checked.findings} == {"unpinned-image", "unpinned-repository"}


def test_a_target() -> None:
    assert read_target("media/photos=data-0:33") == StarterTarget("media", "photos", "data-0", 33)
    assert read_target("media/photos=data-0").uid == 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("photos=data", "`photos=data` is not a target, expected NAMESPACE/NAME=CLAIM or NAMESPACE/NAME=CLAIM:UID"),
        ("media/Photos=data", "`Photos` is not a name"),
        ("media/photos=data:0", "`0` is not a uid, expected a number from 1 to 2147483647\n0 is root"),
        ("media/photos=da ta", "`da ta` is not a name"),
    ],
)
def test_what_is_no_target(text: str, message: str) -> None:
    with pytest.raises(AnswerError) as caught:
        read_target(text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("what", "answer", "message"),
    [
        ("timezone", "Europe/Berln", "perhaps `Europe/Berlin`"),
        ("repository", "s3:/", "expected `s3:host/bucket/path`"),
        ("repository", "rest:http://u:p@h/", "a user or password stands in the URL"),
        ("repository", 'b2:"x', "expected one without quotes"),
        ("repository", "", "expected one line of text"),
        ("image", "Restic", "is not an image"),
        ("name", "My Fleet", "write `my-fleet`"),
    ],
)
def test_an_answer_is_judged_as_the_language_does(what: str, answer: str, message: str) -> None:
    with pytest.raises(AnswerError) as caught:
        judge(what, answer)
    assert message in str(caught.value)
