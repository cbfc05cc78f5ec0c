from vsod.core import progress_meter
from vsod.core.progress_meter import ProgressMeter


class Clock:
    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


def test_rate_and_remaining_time_cover_all_stages(monkeypatch):
    clock, seen = Clock(), []
    monkeypatch.setattr(progress_meter, "time", clock)
    p = ProgressMeter(seen.append, {"analyse": 40, "export": 100})
    p.start("analyse")
    for _ in range(20):
        clock.now += 0.5
        p.step()
    last = seen[-1]
    assert (last.stage, last.done, last.total) == ("analyse", 20, 40)
    assert abs(last.fps - 2) < 1e-6
    # 20 frames left here and 100 in a stage not seen yet, all at 2 fps
    assert abs(last.eta - 60) < 1e-6
    for _ in range(20):
        clock.now += 0.5
        p.step()
    p.start("export")
    assert p.seconds["analyse"] == 20
    for _ in range(100):
        clock.now += 0.1
        p.step()
    p.finish()
    assert seen[-1].done == 100 and seen[-1].eta == 0
    assert abs(p.seconds["export"] - 10) < 1e-6


def test_reports_are_rationed_but_the_last_one_always_comes(monkeypatch):
    clock, seen = Clock(), []
    monkeypatch.setattr(progress_meter, "time", clock)
    p = ProgressMeter(seen.append, {"export": 1000})
    p.start("export")
    for _ in range(1000):
        clock.now += 0.001
        p.step()
    assert len(seen) <= 13
    assert seen[-1].done == 1000


def test_stages_that_come_later_count_for_the_time_left(monkeypatch):
    clock, seen = Clock(), []
    monkeypatch.setattr(progress_meter, "time", clock)
    p = ProgressMeter(seen.append, {"export": 10}, interval=0.0)
    p.expect({"analyse": 20, "export": 99})
    p.start("analyse")
    for _ in range(10):
        clock.now += 0.5
        p.step()
    assert [step.done for step in seen] == list(range(11)), "every step is told"
    assert seen[-1].total == 20 and abs(seen[-1].eta - 10) < 1e-6, (
        "10 of this stage, 10 of the next, at 2 fps"
    )
