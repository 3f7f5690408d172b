"""Reading tokens, names and types: the lower half of the parser."""

from __future__ import annotations

from typing import NoReturn

from orderloom.feel.lex import Token, tokens_of
from orderloom.feel.limits import FeelError, FeelLimit, Limits, placed
from orderloom.feel.names import KEYWORDS
from orderloom.feel.scope import Scope
from orderloom.feel.tree import TypeName

COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_NAME_SIGNS = frozenset({".", "/", "-", "'", "+", "*"})


class Reader:
    """A place in the tokens, the scope there, and how deep it lies."""

    def __init__(self, text: str, scope: Scope, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._tokens = tokens_of(text, limits)
        self._scope = scope
        self._place = 0
        self._depth = 0
        self._filters = 0
        self._range_ends = 0
        # Members that the text itself tells live apart, so that no caller's scope is changed.
        self._own = Scope()

    def whole_type(self) -> TypeName:
        result = self._type()
        self._expect_end("The name of the type should end here")
        return result

    # Tokens

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _peek_sign(self, ahead: int, text: str) -> bool:
        place = self._place + ahead
        return place < len(self._tokens) and self._tokens[place].kind == "sign" and self._tokens[place].text == text

    def _take(self) -> Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _accept(self, *texts: str) -> Token | None:
        token = self._tokens[self._place]
        if token.text in texts and token.kind in ("sign", "word"):
            self._place += 1
            return token
        return None

    def _expect(self, text: str, why: str) -> None:
        if self._accept(text) is None:
            self._unexpected(f"“{text}” is missing {why}")

    def _expect_end(self, message: str) -> None:
        if self._now.kind != "end":
            self._unexpected(message)

    def _unexpected(self, message: str) -> NoReturn:
        token = self._now
        if token.text == "=" and self._place and self._tokens[self._place - 1].text == "=":
            self._refuse("Write a single “=” to compare.")
        if token.text == "'":
            self._refuse('Texts stand in double quotes, as in "jumpered".')
        found = f"; found “{token.text[:40]}”" if token.text else ""
        self._refuse(f"{message}{found}.")

    def _refuse(self, message: str) -> NoReturn:
        raise FeelError(message, **placed(self._text, self._now.at))

    def _refuse_chain(self, links: int) -> None:
        if links > self._limits.depth:
            sentence = f"A chain of more than {self._limits.depth} links; split the expression."
            raise FeelLimit("depth", sentence, **placed(self._text, self._now.at))

    # Names

    def _is_name(self) -> bool:
        """Whether a keyword begins a name that the scope knows."""
        return self._scope.name_at(self._tokens, self._place) is not None

    def _known_name(self) -> str:
        found = self._scope.name_at(self._tokens, self._place)
        if self._filters and (member := self._member_at()) is not None and (found is None or member[1] > found[1]):
            found = member
        if found is not None and not self._runs_on(self._place + found[1]):
            self._place += found[1]
            return found[0]
        if self._now.text in KEYWORDS:
            self._unexpected("A value or a name is missing here")
        return self._run_of_words()

    def _member_at(self) -> tuple[str, int] | None:
        known = self._scope.member_at(self._tokens, self._place)
        own = self._own.member_at(self._tokens, self._place)
        return own if known is None or (own is not None and own[1] > known[1]) else known

    def _runs_on(self, place: int) -> bool:
        """Whether a word follows, which after a complete name it never may."""
        token = self._tokens[place]
        return token.kind in ("word", "number") and token.text not in KEYWORDS

    def _run_of_words(self) -> str:
        words = [self._take().text]
        while self._runs_on(self._place):
            words.append(self._take().text)
        return " ".join(words)

    def _new_name(self, *ends: str) -> str:
        """A name that is declared here: all the words and signs up to one of the ends."""
        first = self._now
        if first.kind != "word":
            self._unexpected("A name is missing here")
        start = self._place
        while self._now.text not in ends and (self._now.kind in ("word", "number") or self._now.text in _NAME_SIGNS):
            self._place += 1
        if start == self._place:
            self._unexpected("A name is missing here")
        last = self._tokens[self._place - 1]
        return " ".join(self._text[first.at : last.at + len(last.text)].split())

    def _member(self) -> str:
        found = self._member_at()
        if found is not None and not self._runs_on(self._place + found[1]):
            self._place += found[1]
            return found[0]
        if self._now.kind != "word":
            self._unexpected("A name is missing after the point")
        return self._run_of_words()

    def _is_named(self) -> bool:
        place = self._place
        while self._tokens[place].kind in ("word", "number") or self._tokens[place].text in _NAME_SIGNS:
            place += 1
        return place > self._place and self._tokens[place].text == ":" and self._tokens[place].kind == "sign"

    # Types

    def _type(self) -> TypeName:
        self._depth += 1
        if self._depth > self._limits.depth:
            raise FeelLimit("depth", f"Nested more than {self._limits.depth} deep.", **placed(self._text, self._now.at))
        token = self._now
        if token.kind != "word":
            self._unexpected("The name of a type is missing here")
        found = self._structured_type(token)
        self._depth -= 1
        return found

    def _structured_type(self, token: Token) -> TypeName:
        opens = self._peek_sign(1, "<")
        if token.text in ("list", "range") and opens:
            self._place += 2
            item = self._type()
            self._expect(">", "after the type of the items")
            return TypeName(token.text, (item,), at=token.at)
        if token.text == "context" and opens:
            self._place += 2
            return TypeName("context", members=self._member_types(), at=token.at)
        if token.text == "function" and opens:
            self._place += 2
            parameters: list[TypeName] = []
            while not self._accept(">"):
                if parameters:
                    self._expect(",", "between the types of the parameters")
                parameters.append(self._type())
            self._expect("->", "before the type of the result")
            return TypeName("function", tuple(parameters), result=self._type(), at=token.at)
        return TypeName(self._type_name(), at=token.at)

    def _member_types(self) -> tuple[tuple[str, TypeName], ...]:
        members: list[tuple[str, TypeName]] = []
        while not self._accept(">"):
            if members:
                self._expect(",", "between the types of the entries")
            name = self._new_name(":")
            self._expect(":", "after the name of the entry")
            members.append((name, self._type()))
        return tuple(members)

    def _type_name(self) -> str:
        found = self._scope.type_at(self._tokens, self._place)
        if found is not None and not self._runs_on(self._place + found[1]):
            self._place += found[1]
            return found[0]
        name = self._run_of_words()
        while self._peek_sign(0, ".") and self._tokens[self._place + 1].kind == "word":
            self._take()
            name += "." + self._run_of_words()
        return name
