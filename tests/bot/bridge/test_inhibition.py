"""A firing alert mutes those that depend on it, and nothing else."""

from kwtsms_bot.bridge.silences.inhibition import FiringAlert, InhibitionRule, make_rules, muted_by
from kwtsms_bot.config.bridge_receivers import InhibitSettings

RULE = InhibitionRule({"alertname": ("SiteDown",)}, {"severity": ("critical", "error")}, ("site",))
DOWN = FiringAlert("A7F3K", {"alertname": "SiteDown", "site": "jahra", "severity": "critical"})
HOST = {"alertname": "HostDown", "site": "jahra", "severity": "error"}


def test_it_mutes_what_is_at_the_same_site() -> None:
    """The incident of the source is named."""
    assert muted_by([RULE], HOST, [DOWN]) == "A7F3K"


def test_other_sites_and_severities_are_texted() -> None:
    """A label that one of them lacks is not equal."""
    others = (
        HOST | {"site": "hawalli"},
        {"alertname": "HostDown", "severity": "error"},
        HOST | {"severity": "warning"},
    )
    without = FiringAlert("B7F3K", {"alertname": "SiteDown"})

    assert [muted_by([RULE], one, [DOWN]) for one in others] == [None, None, None]
    assert muted_by([RULE], {"severity": "error"}, [without]) is None


def test_a_source_is_never_muted_by_its_own_rule() -> None:
    """Two of them can't silence each other."""
    assert muted_by([RULE], DOWN.facts, [DOWN, DOWN]) is None


def test_without_labels_it_mutes_everywhere() -> None:
    """`equal` may be left out."""
    (rule,) = make_rules(
        [
            InhibitSettings.model_validate(
                {"when": {"alertname": "SiteDown"}, "mutes": {"site": "*"}}
            )
        ]
    )

    assert muted_by([rule], HOST | {"site": "hawalli"}, [DOWN]) == "A7F3K"
    assert muted_by([rule], {"severity": "error"}, [DOWN]) is None
