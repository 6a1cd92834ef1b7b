"""Traits and profiles: rows against each other, and hand-checked facts."""

from __future__ import annotations

import re

import pytest

from emu.kernel.profile import BUILDS, LIMITS, RELEASES, SERIES, Kernel, UnknownKernel
from emu.kernel.traits import Trait
from emu.kernel.version import KernelVersion

EVERY_TRAIT = pytest.mark.parametrize("trait", Trait, ids=lambda trait: trait.name)


@EVERY_TRAIT
def test_row_says_when_why_and_who_says_so(trait):
    row = trait.value
    assert row.since or row.until or row.backports
    assert re.search(r'\b[0-9a-f]{12} \(".*"\)|^(read in|measured on) \d', row.commit), row.commit
    assert row.note.endswith(".")


@EVERY_TRAIT
def test_releases_parse_and_are_in_order(trait):
    row = trait.value
    known = [series.release for series in SERIES]
    for release in filter(None, (row.since, row.until)):
        version = KernelVersion.parse(release)
        assert release in known or version < KernelVersion.parse(known[0])
    if row.since and row.until:
        assert KernelVersion.parse(row.since) < KernelVersion.parse(row.until)


@EVERY_TRAIT
def test_backports_go_to_earlier_series(trait):
    row = trait.value
    change = KernelVersion.parse(row.until or row.since or SERIES[-1].release)
    for backport in row.backports:
        version = KernelVersion.parse(backport)
        assert version.patch > 0
        assert version < change


@EVERY_TRAIT
def test_changes_within_the_releases_we_know(trait):
    """A trait that every profile has, or none, tells nothing, unless its release is our oldest."""
    holds = {Kernel.release(series.release).has(trait) for series in SERIES}
    oldest = KernelVersion.parse(SERIES[0].release)
    row = trait.value
    release = row.since or row.until
    assert len(holds) == 2 or not release or KernelVersion.parse(release) <= oldest


def test_series_are_in_order_and_releases_are_among_them():
    versions = [KernelVersion.parse(series.release) for series in SERIES]
    assert versions == sorted(set(versions))
    assert set(RELEASES) <= {series.release for series in SERIES}
    assert list(RELEASES) == [s.release for s in SERIES if s.release in RELEASES]


def test_limits_are_in_order_of_release():
    for rows in LIMITS.values():
        assert not rows[0].since
        assert all(row.since for row in rows[1:])


@pytest.mark.parametrize("release", RELEASES)
def test_features_that_come_together_are_together(release):
    kernel = Kernel.release(release)
    assert kernel.has(Trait.BACK_EDGE_REJECTED) is not kernel.has(Trait.BOUNDED_LOOPS)
    assert kernel.has(Trait.RDONLY_PROG) is kernel.has(Trait.MAP_FREEZE)
    if kernel.has(Trait.BPF_LOOP):
        assert kernel.has(Trait.CALLBACKS)


@pytest.mark.parametrize(
    ("release", "trait", "holds"),
    [
        ("5.2", Trait.BOUNDED_LOOPS, False),
        ("5.3", Trait.BOUNDED_LOOPS, True),
        ("5.2", Trait.BACK_EDGE_REJECTED, True),
        ("5.3", Trait.BACK_EDGE_REJECTED, False),
        ("5.0", Trait.JMP32, False),
        ("5.1", Trait.JMP32, True),
        ("5.9", Trait.SPILL_KEEPS_BOUNDS, False),
        ("5.10", Trait.SPILL_KEEPS_BOUNDS, True),
        ("6.3", Trait.CONST_DST_BRANCH_BUG, True),
        ("6.4", Trait.CONST_DST_BRANCH_BUG, False),
        ("4.19", Trait.SPILL_KEEPS_CONST, False),
        ("4.19.222", Trait.SPILL_KEEPS_CONST, True),
        ("4.20", Trait.SPILL_KEEPS_CONST, False),
        ("4.18", Trait.MAP_VALUE_AS_HELPER_KEY, True),
        ("6.5", Trait.ISA_V4, False),
        ("6.6", Trait.ISA_V4, True),
    ],
)
def test_kernel_has(release, trait, holds):
    assert Kernel.release(release).has(trait) is holds


@pytest.mark.parametrize(
    ("release", "insns", "complexity", "frames"),
    [
        ("4.18", 4096, 131_072, 8),
        ("5.1", 4096, 131_072, 8),
        ("5.2", 1_000_000, 1_000_000, 8),
        ("7.1", 1_000_000, 1_000_000, 8),
        ("7.2", 1_000_000, 1_000_000, 16),
    ],
)
def test_limits_of(release, insns, complexity, frames):
    limits = Kernel.release(release).limits
    assert (limits.max_insns, limits.complexity, limits.max_call_depth) == (
        insns,
        complexity,
        frames,
    )


def test_distribution_kernel_has_what_was_added_and_lacks_what_was_taken():
    plain = Kernel.release("4.18")
    rhel = Kernel.release("4.18", plus={Trait.LARGE_PROGRAMS}, minus={Trait.BACK_EDGE_REJECTED})
    assert rhel.traits == plain.traits - {Trait.BACK_EDGE_REJECTED} | {Trait.LARGE_PROGRAMS}
    assert rhel.limits.max_insns == 1_000_000
    assert rhel != plain


@pytest.mark.parametrize(
    ("trait", "release", "holds"),
    [
        (Trait.KPROBE_CTX_WRITE, "6.18.15", True),
        (Trait.KPROBE_CTX_WRITE, "6.18.44", False),
        (Trait.KPROBE_CTX_WRITE, "7.2", True),
        # Between two releases of one series only.
        (Trait.BSWAP_KEEPS_ID, "6.19.6", False),
        (Trait.BSWAP_KEEPS_ID, "6.19.12", True),
        (Trait.BSWAP_KEEPS_ID, "6.19.13", False),
        (Trait.BSWAP_KEEPS_ID, "7.0", False),
    ],
)
def test_what_a_stable_series_took_back_its_later_releases_lack(trait, release, holds):
    assert Kernel.release(release).has(trait) is holds


@EVERY_TRAIT
def test_reverts_are_point_releases_of_a_series_that_had_the_trait(trait):
    row = trait.value
    for release in row.reverts:
        version = KernelVersion.parse(release)
        assert version.patch > 0
        backports = [KernelVersion.parse(backport) for backport in row.backports]
        backported = any(b.series == version.series and b < version for b in backports)
        assert backported or Kernel.release(version.series).has(trait)


def test_user_mode_linux_is_a_build_that_lacks_what_needs_a_jit_and_tracing():
    plain, uml = Kernel.release("6.1.176"), Kernel.release("6.1.176-uml")
    assert uml.name == "6.1.176-uml"
    assert plain.traits - uml.traits == BUILDS["uml"].lacks & plain.traits
    assert not uml.has(Trait.JIT)
    assert not uml.has(Trait.BPF_EVENTS)
    assert "User-mode" in uml.confirmed
    assert Kernel.release("6.1.176-1-amd64") == plain


def test_profiles_are_equal_and_hash_alike_by_name_and_traits():
    assert Kernel.release("5.10") == Kernel.release("5.10.0")
    assert len({Kernel.release("5.10"), Kernel.release("5.10"), Kernel.release("5.10.7")}) == 2


@pytest.mark.parametrize(
    ("uname", "name"),
    [
        ("6.18.44-fc-v595", "6.18.44"),
        ("5.10.0-30-amd64", "5.10"),
        ("5.15.0+", "5.15"),
        ("6.1-rc7", "6.1"),
        ("7.3.99", "7.3.99"),
        ("7.9.1-next", "7.3"),
        ("12.0", "7.3"),
    ],
)
def test_running_kernel_gets_its_profile(uname, name):
    assert Kernel.of_uname(uname).name == name


def test_debian_tells_the_point_release_elsewhere():
    uname_v = "#1 SMP Debian 5.10.218-1 (2024-06-01)"
    assert Kernel.of_uname("5.10.0-30-amd64", uname_v).name == "5.10.218"
    assert Kernel.of_uname("5.10.0-30-amd64", "#1 SMP").name == "5.10"


@pytest.mark.parametrize("release", ["", "linux", "5", "5.99", "4.14", "7.9", "3.10.0-1160.el7"])
def test_unknown_release_is_refused_and_shown(release):
    with pytest.raises(UnknownKernel, match=re.escape(release) or "''"):
        Kernel.release(release)


def test_unknown_release_says_what_is_known():
    with pytest.raises(UnknownKernel, match=r"4\.18 to 7\.3"):
        Kernel.of_uname("4.4.0-1-amd64")


def test_newest_is_the_latest_not_after_the_kernel():
    kernel = Kernel.release("5.10.218")
    assert kernel.newest(["5.14", "5.2", "5.8", "4.18"]) == "5.8"
    assert kernel.newest(["5.10", "5.9"]) == "5.10"
    assert kernel.newest(["6.0"]) is None


def test_profile_says_how_it_is_known():
    for series in SERIES:
        assert Kernel.release(series.release).confirmed
    assert "5.10.262" in Kernel.release("5.10").confirmed


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("5.10.262-1-amd64", (5, 10, 262)),
        ("6.18", (6, 18, 0)),
        ("4.18.0-553.el8_10.x86_64", (4, 18, 0)),
    ],
)
def test_version_is_read_from_the_front(text, version):
    assert KernelVersion.parse(text) == version


def test_versions_are_ordered_by_number():
    assert (
        KernelVersion.parse("5.9.20") < KernelVersion.parse("5.10") < KernelVersion.parse("5.10.1")
    )


@pytest.mark.parametrize("text", ["", "x", "5", "5.", ".5", "v5.10", "5..1"])
def test_text_that_is_no_version_is_refused(text):
    with pytest.raises(ValueError, match="not a kernel release"):
        KernelVersion.parse(text)
