"""Trim a large stylesheet to the classes that our pages name, and let the system decide between light and dark."""

import re
from collections.abc import Iterator

CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
ATTRIBUTE = re.compile(r"\[[^\]]*\]")
NEGATION = re.compile(r":not\([^()]*\)")
THEME = re.compile(r"\[data-(?:bs-)?theme=(light|dark)\]")
COMMENT = re.compile(r"/\*(?!!).*?\*/", re.S)
LICENCE = re.compile(r"/\*!.*?\*/", re.S)


def trim_stylesheet(css: str, used: str) -> str:
    """Keep the rules whose every class occurs in `used`, the text of templates and scripts.

    A rule for a dark theme moves into `prefers-color-scheme: dark`, so that no script has to choose a theme.
    """
    words = set(re.findall(r"-?[A-Za-z_][\w-]*", used))
    licences = LICENCE.findall(css)
    bare = LICENCE.sub("", COMMENT.sub("", css))
    return "\n".join([*licences, *kept(bare, words)])


def kept(css: str, words: set[str]) -> Iterator[str]:
    for prelude, body in blocks(css):
        if prelude.startswith(("@media", "@supports", "@layer", "@container")):
            inside = "".join(kept(body, words))
            if inside:
                yield f"{prelude}{{{inside}}}"
        elif prelude.startswith("@keyframes"):
            if prelude.split()[-1] in words:
                yield f"{prelude}{{{body}}}"
        elif prelude.startswith("@"):
            yield f"{prelude}{{{body}}}"
        else:
            yield from themed([one for one in split_selectors(prelude) if wanted(one, words)], body)


def themed(selectors: list[str], body: str) -> Iterator[str]:
    plain = [one for one in selectors if not dark(one)]
    if plain:
        yield f"{','.join(system_theme(one) for one in plain)}{{{body}}}"
    night = [one for one in selectors if dark(one)]
    if night:
        yield f"@media (prefers-color-scheme:dark){{{','.join(system_theme(one) for one in night)}{{{body}}}}}"


def dark(selector: str) -> bool:
    match = THEME.search(NEGATION.sub("", selector))
    return match is not None and match[1] == "dark"


def system_theme(selector: str) -> str:
    return THEME.sub(":root", selector).replace(":root:root", ":root")


def wanted(selector: str, words: set[str]) -> bool:
    bare = ATTRIBUTE.sub("", NEGATION.sub("", selector))
    return all(name in words for name in CLASS.findall(bare))


def split_selectors(prelude: str) -> list[str]:
    """Split at the commas that stand outside of brackets."""
    found, depth, start = [], 0, 0
    for place, letter in enumerate(prelude):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            found.append(prelude[start:place].strip())
            start = place + 1
    return [*found, prelude[start:].strip()]


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield prelude and body of each top-level block; statements such as `@charset` are dropped."""
    place, start, depth, opened, quote = 0, 0, 0, 0, ""
    while place < len(css):
        letter = css[place]
        if quote:
            place += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "{":
            opened = place if depth == 0 else opened
            depth += 1
        elif letter == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : place]
                start = place + 1
        elif letter == ";" and depth == 0:
            start = place + 1
        place += 1
