from orderloom.web.trim import trim_stylesheet

CSS = """@charset "UTF-8";/*! Licence */ /* gone */
body{margin:0}.used,.unused{color:red}.used:not(.other)::after{content:"}.x{"}
@media print{.unused{color:red}.used{color:black}}@media (min-width:9px){.unused{top:0}}
[data-bs-theme=dark]{--a:1}[data-bs-theme=light]{--a:0}@keyframes spin{to{top:0}}"""


def test_only_rules_whose_classes_are_named_stay():
    trimmed = trim_stylesheet(CSS, 'class="used"')

    assert "unused" not in trimmed
    assert ".used{color:red}" in trimmed
    assert '.used:not(.other)::after{content:"}.x{"}' in trimmed
    assert "@media print{.used{color:black}}" in trimmed
    assert "min-width" not in trimmed
    assert "keyframes" not in trimmed
    assert "body{margin:0}" in trimmed


def test_the_licence_stays_and_comments_go():
    trimmed = trim_stylesheet(CSS, "")

    assert "/*! Licence */" in trimmed
    assert "gone" not in trimmed


def test_the_system_chooses_between_light_and_dark():
    trimmed = trim_stylesheet(CSS, "")

    assert "@media (prefers-color-scheme:dark){:root{--a:1}}" in trimmed
    assert "\n:root{--a:0}" in trimmed
