"""What a job will cost is said before it is begun."""

import threading
from dataclasses import replace
from pathlib import Path

from fake_clip_session import FakeBackend, FakeClip
from pytestqt.qtbot import QtBot

from vsod.errors import OutputError
from vsod.gui.dialogs.job_estimate_view import JobEstimateView, estimate_text, size_text
from vsod.gui.main_window import MainWindow
from vsod.pipeline.job_estimate import JobEstimate

COST = JobEstimate(100, 40, "CPU", {"analyse": 0.5, "export": 0.2, "verify": 0.1}, 2.0, 3_400_000, 640.0)


def test_the_whole_job_is_what_the_stages_take_together() -> None:
    assert COST.by_stage == {"analyse": 20.0, "export": 20.0, "verify": 10.0}
    assert COST.seconds == 52 and COST.limit == "analyse"
    assert estimate_text(COST) == (
        "About 0:52: analysis 0:20, writing 0:20, checking 0:10.\n"
        "File about 3.4 MB, memory 640 MB; limited by analysis, 2.0 fps on CPU."
    )
    analysed = replace(COST, analysed=0, pace={"export": 0.2, "verify": 0.1}, loading=0.0, adapt=True)
    assert "About 0:30: writing 0:20, checking 0:10. Adapting to the clip is not counted." in estimate_text(
        analysed
    )
    assert "limited by writing, 5.0 fps" in estimate_text(analysed)


def test_sizes() -> None:
    assert [size_text(n) for n in (0, 950_000, 34_000_000, 1_250_000_000)] == [
        "0.1 MB",
        "0.9 MB",
        "34 MB",
        "1.2 GB",
    ]


def test_it_is_asked_for_in_the_export_dialog_and_goes_when_the_job_changes(
    qtbot: QtBot, window: MainWindow, clip: FakeClip
) -> None:
    window.timeline.range_dragged.emit(0, 20)
    window.exporting.ask()
    model = window.dialog.cost
    model.button.click()
    qtbot.waitUntil(lambda: model.label.text().startswith("About 0:18"))
    assert model.button.isEnabled()
    window.dialog.whole.click()
    assert model.label.text() == "Measures eight frames of this job."
    window.dialog.reject()


def test_closing_the_dialog_stops_it(qtbot: QtBot, window: MainWindow, clip: FakeClip) -> None:
    clip.gate = threading.Semaphore(0)
    window.exporting.ask()
    window.dialog.cost.button.click()
    window.dialog.reject()
    qtbot.waitUntil(lambda: clip.cancelled_estimates == 1)
    assert not window.banner.isVisible()


def test_an_answer_to_another_question_is_not_shown(
    qtbot: QtBot, window: MainWindow, backend: FakeBackend, clip: FakeClip, tmp_path: Path
) -> None:
    clip.gate = threading.Semaphore(0)
    window.exporting.ask()
    model = window.dialog.cost
    model.button.click()
    window.dialog.path_edit.setText(str(tmp_path / "other.mov"))
    with qtbot.waitSignal(window.exporting._estimating.finished):
        clip.gate.release()
    assert model.label.text() == "Measures eight frames of this job."
    window.dialog.reject()


def test_what_would_stop_the_job_is_said(qtbot: QtBot) -> None:
    model = JobEstimateView()
    qtbot.addWidget(model)
    model.show_cost(OutputError("the codec refuses", fix="Choose another format."))
    assert model.label.text() == "the codec refuses. Choose another format."
