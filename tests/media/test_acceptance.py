"""What the media part promised to be accepted by, and the tests that hold it; a test that goes away is missed here."""

import ast

import pytest

from tests.conftest import ROOT

CHECKS = {
    "1 shots of a template are square and arrive with equal hashes": [
        "taopai/test_capture.py::test_shots_of_a_template_are_filmed_square_sent_while_the_next_is_filmed_and_made_into_a_film",
    ],
    "2 uploads go on after cut lines and a killed web process, never from the beginning": [
        "media/test_in_a_browser.py::test_a_film_arrives_over_a_bad_line_is_transcoded_and_told_step_by_step",
        "media/test_web_killed.py::test_an_upload_goes_on_after_the_web_process_was_killed",
        "taopai/test_capture.py::test_a_shot_survives_a_closed_page_and_a_dead_line",
    ],
    "3 an edit list becomes the film it says: order, length, form, loudness, words, poster": [
        "media/test_cut.py::test_clips_come_trimmed_and_in_order_with_words_and_cover_at_their_seconds",
        "media/test_transcode.py::test_a_large_film_becomes_a_ladder_that_plays_on_every_rung",
        "taopai/test_crop.py::test_the_square_is_moved_by_hand_and_keys_and_the_film_is_what_the_page_showed",
    ],
    "4 the film plays on the highest and the lowest rung and as a file, seen and heard": [
        "media/test_playback.py::test_a_film_is_seen_and_heard_on_every_way_to_it",
    ],
    "5 hostile files are refused quickly, in little memory, without a call, and the worker lives on": [
        "media/test_probe.py::test_a_file_that_is_no_sound_film_is_refused_quickly",
        "media/test_probe.py::test_no_file_makes_us_call_anybody",
        "media/test_work.py::test_a_hostile_file_is_refused_with_a_reason_and_the_next_one_goes_on",
    ],
    "11 films play by themselves by the kind of connection and the viewer's choice": [
        "video/test_in_a_browser.py::test_previews_on_a_desk_run_one_at_a_time_where_the_line_costs_nothing",
        "video/test_in_a_browser.py::test_a_phone_that_says_nothing_of_its_line_starts_nothing",
        "video/test_in_a_browser.py::test_the_switch_stops_it_for_a_stranger_and_for_a_person",
        "video/test_in_a_browser.py::test_where_nothing_may_start_by_itself_the_poster_waits_for_a_tap",
    ],
}


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_is_held_by_tests_that_are_there(check: str):
    for place in CHECKS[check]:
        file, _, name = place.partition("::")
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}, place
