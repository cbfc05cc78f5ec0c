"""A test fails where the program warns and nobody expects it."""

import logging

import pytest

LOG = logging.getLogger("vsod.somewhere.deep")


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR])
def test_what_is_not_expected_is_found(logged_warnings, level):
    LOG.info("all is well")
    LOG.log(level, "the disk is %s", "full")
    assert logged_warnings.unexpected == [
        f"vsod.somewhere.deep: {logging.getLevelName(level)}: the disk is full"
    ]
    logged_warnings.records.clear()


def test_what_is_expected_passes(logged_warnings, expect_log):
    expect_log("disk is full")
    expect_log("no room", logging.ERROR)
    LOG.warning("the disk is full")
    LOG.error("there is no room")
    assert not logged_warnings.unexpected and not logged_warnings.missing


def test_another_level_or_another_word_is_not_what_was_expected(logged_warnings, expect_log):
    expect_log("disk is full")
    LOG.error("the disk is full")
    LOG.warning("the disk is empty")
    assert len(logged_warnings.unexpected) == 2 and logged_warnings.missing == ["disk is full"]
    logged_warnings.records.clear()
    logged_warnings.expected.clear()


def test_what_may_come_need_not(logged_warnings, expect_log):
    expect_log("disk is full", needed=False)
    assert not logged_warnings.missing
    LOG.warning("the disk is full")
    assert not logged_warnings.unexpected


def test_other_loggers_are_none_of_our_business():
    logging.getLogger("somebody.else").warning("as they like")
