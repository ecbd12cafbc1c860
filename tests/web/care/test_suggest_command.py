"""`nursery-monitor suggest`: scenarios in files, answers in lines, faults named and passed over."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.web.care.care_cases import a_case, elsewhere, kitten
from web.care.advice import plain, suggest
from web.care.scenario import Scenario, read_scenario
from web.commands.suggest import suggest as command

LONELY = a_case(kitten("mia"), elsewhere("tom"))
HUNGRY = a_case(kitten("mia", min_since_fed=200))


def case(scenario: Scenario, **more: Any) -> dict[str, Any]:
    """A scenario as it stands in a file."""
    return more | {"input": json.loads(json.dumps(dataclasses.asdict(scenario)))}


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given)


def written(folder: Path, content: object, name: str = "cases.json") -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return str(path)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_line_a_scenario_with_its_id_as_given(tmp_path: Path) -> None:
    file = written(tmp_path, [case(LONELY, id=7), case(HUNGRY, id="night 2"), case(LONELY)])
    result = run(file, "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert lines(result) == [
        {"id": 7, **plain(suggest(LONELY))},
        {"id": "night 2", **plain(suggest(HUNGRY))},
        {"id": 3, **plain(suggest(LONELY))},
    ]


def test_a_card_has_every_key_of_the_promise(tmp_path: Path) -> None:
    (line,) = lines(run(written(tmp_path, case(HUNGRY, id=1)), "--json"))
    assert list(line) == ["id", "who", "suggestions", "unknown"]
    assert line["suggestions"] == [
        {
            "code": "FEED", "rank": 1, "subjects": ["mia"], "partner": None,
            "reasons": ["overdue"], "volume_ml": {"mia": 5.0}, "cap_ml": {"mia": 8.0},
            "confidence": "high", "unknown": [], "phone": None, "note": None,
        }
    ]  # fmt: skip


def test_expectations_may_be_there_or_missing_and_are_not_looked_at(tmp_path: Path) -> None:
    full = case(LONELY, id=1, title="Alone", covers=["R12"], expect={"codes": ["FEED"]})
    bare = case(LONELY, id=1)
    assert run(written(tmp_path, [full]), "--json").stdout == (
        run(written(tmp_path, [bare]), "--json").stdout
    )


def test_one_scenario_a_list_lines_and_standard_input_are_all_read(tmp_path: Path) -> None:
    one = case(LONELY, id=1)
    wanted = lines(run(written(tmp_path, [one]), "--json"))
    assert lines(run(written(tmp_path, one), "--json")) == wanted
    assert lines(run(written(tmp_path, "\ufeff" + json.dumps(one)), "--json")) == wanted
    assert lines(run("-", "--json", given=json.dumps([one]))) == wanted
    two_lines = f"{json.dumps(one)}\n{json.dumps(one)}\n"
    assert lines(run(written(tmp_path, two_lines), "--json")) == wanted * 2
    assert lines(run(written(tmp_path, " [ ] \n"), "--json")) == []


def test_several_files_are_answered_in_order(tmp_path: Path) -> None:
    first = written(tmp_path, case(LONELY, id=1), "a.json")
    second = written(tmp_path, case(HUNGRY, id=2), "b.json")
    assert [line["id"] for line in lines(run(first, second, first, "--json"))] == [1, 2, 1]


def test_a_whole_number_may_be_written_with_a_point(tmp_path: Path) -> None:
    text = json.dumps(case(LONELY, id=1)).replace('"age_days": 10', '"age_days": 10.0')
    assert lines(run(written(tmp_path, text), "--json")) == [{"id": 1, **plain(suggest(LONELY))}]
    broken = text.replace("10.0", "10.5")
    assert run(written(tmp_path, broken), "--json").exit_code == 2


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (case(LONELY, id=5) | {"input": 3}, "scenario 5: input must be an object, not 3"),
        ({"id": 5}, "scenario 5: input is missing"),
        ({"id": "x"}, 'scenario "x": input is missing'),
        ({}, "scenario at place 2: input is missing"),
        (case(LONELY, id=5, colour="red"), "scenario 5: colour is not a field that I know"),
        (case(LONELY, id=5) | {"a\nb": 1}, r'scenario 5: "a\nb" is not a field that I know'),
        (case(LONELY, id=[5]), "scenario at place 2: id must be a whole number or text"),
        (case(LONELY, id=True), "scenario true: id must be a whole number or text"),
        (case(LONELY, id=1.5), "scenario at place 2: id must be a whole number or text"),
        ([], "scenario at place 2: it must be an object with id and input"),
        (None, "scenario at place 2: it must be an object with id and input"),
    ],
)
def test_a_bad_scenario_is_named_and_the_others_are_answered(
    tmp_path: Path, bad: object, said: str
) -> None:
    file = written(tmp_path, [case(LONELY, id=1), bad, case(HUNGRY, id=3)])
    result = run(file, "--json")
    assert result.exit_code == 2
    assert [line["id"] for line in lines(result)] == [1, 3]
    assert result.stderr == f"nursery-monitor: {file}: {said}\n"


def test_a_bad_value_is_named_by_file_id_and_field(tmp_path: Path) -> None:
    wrong = case(LONELY, id=9)
    wrong["input"]["animals"][1]["age_days"] = 71
    file = written(tmp_path, wrong)
    assert run(file, "--json").stderr == (
        f"nursery-monitor: {file}: scenario 9: input.animals[1].age_days must be a whole number "
        "from 0 to 70, or null, not 71\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON from line 1, column 1 on"),
        ("[", "is not JSON from line 1, column 2 on"),
        ("nonsense", "is not JSON from line 1, column 1 on"),
        ("[1,\n", "is not JSON from line 2, column 1 on"),
        ("[1 2]", "is not JSON from line 1, column 4 on: Expecting ',' or ']'"),
        ("[1] 2", "is not JSON from line 1, column 5 on: Extra data"),
        ("[] []", "is not JSON from line 1, column 4 on: Extra data"),
        ("[1,]", "is not JSON from line 1, column 4 on"),
        ("[" * 100_000, "is not JSON that can be read"),
        ("9" * 10_000, "is not JSON that can be read"),
    ],
)
def test_a_file_that_is_not_json_gets_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text, "bad.json")
    good = written(tmp_path, case(LONELY, id=1))
    result = run(file, good, "--json")
    assert result.exit_code == 2
    assert [line["id"] for line in lines(result)] == [1]
    assert f"nursery-monitor: {file}: {said}" in result.stderr


def test_what_comes_before_a_fault_is_still_answered(tmp_path: Path) -> None:
    text = json.dumps([case(LONELY, id=1), case(HUNGRY, id=2)])[:-1] + ', {"id": '
    result = run(written(tmp_path, text), "--json")
    assert [line["id"] for line in lines(result)] == [1, 2]
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_a_file_that_cannot_be_read_gets_one_line(tmp_path: Path) -> None:
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    result = run(str(tmp_path / "none.json"), str(binary), str(tmp_path), "--json")
    assert result.exit_code == 2
    first, second, third = result.stderr.splitlines()
    assert first.endswith("none.json: cannot be read: No such file or directory")
    assert second.endswith("binary.json: is not text in UTF-8")
    assert third.endswith("cannot be read: Is a directory")


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "1e999"])
def test_what_json_does_not_know_is_no_number(tmp_path: Path, wrong: str) -> None:
    text = json.dumps(case(LONELY, id=1)).replace('"weight_g": 200', f'"weight_g": {wrong}', 1)
    result = run(written(tmp_path, text), "--json")
    assert result.exit_code == 2
    assert "weight_g must be a number from 20 to 8000" in result.stderr


def test_for_people_it_says_what_why_how_much_and_what_would_help_to_know(tmp_path: Path) -> None:
    urgent = a_case(
        kitten("mia", body_feel="cold"), kitten("tom", min_since_fed=200, health=None),
        kitten("kim", min_since_fed=200, weight_g=None), urgent_text="Ask for the duty lead",
    )  # fmt: skip
    asks = a_case(kitten("mia", health=None), elsewhere("tom"))
    file = written(
        tmp_path,
        [case(urgent, title="A bad night"), case(asks), case(a_case(episode_s=0), id="still")],
    )
    result = run(file)
    assert result.exit_code == 0
    for said in (
        "1. A bad night",
        "about: mia or ",
        "1) Call the vet now: mia",
        "555-0100",
        "Ask for the duty lead",
        "tom: up to 5 mL, at most 8 mL",
        "kim: weigh it first",
        "Offer a feed: kim, tom (not sure)",
        "Company may be possible: mia with tom (not sure)",
        "? mia: Did it look well at the last check?",
        "still.\n   Nothing to do.",
    ):
        assert said in result.stdout
    assert result.stderr.startswith("3 scenarios, ")


def test_a_title_that_cannot_be_printed_does_not_stop_it(tmp_path: Path) -> None:
    file = written(tmp_path, json.dumps(case(LONELY, title="\ud800 alone")))
    done = subprocess.run(
        [sys.executable, "-c", "from web.commands.suggest import suggest; suggest()", file],
        capture_output=True, check=True, env={"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert b"? alone" in done.stdout


def test_it_starts_without_the_dashboards_heavy_parts() -> None:
    code = (
        "import sys, web.commands.suggest; "
        "print(*{'flask', 'sqlalchemy', 'numpy', 'librosa', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == ""


def test_the_way_in_reads_what_the_way_out_wrote() -> None:
    assert read_scenario(case(LONELY)["input"]) == LONELY


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        ("<&-", "standard input: cannot be read: it is closed"),
        (">&-", "standard output is closed: the answers have nowhere to go"),
    ],
)
def test_a_closed_stream_gets_one_line(tmp_path: Path, closed: str, said: str) -> None:
    file = "-" if closed == "<&-" else written(tmp_path, case(LONELY))
    code = "from web.commands.suggest import suggest; suggest()"
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", code, file, "--json"],
        capture_output=True, check=False, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, f"nursery-monitor: {said}\n")
