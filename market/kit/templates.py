"""Templates compiled once for each language, with the words already in them.

A page says `_('…')` a hundred times, and nearly always the text stands in the template: looked up while the page is
drawn, that took a third of its time. Here a text is translated when its template is compiled.
"""

from functools import cached_property
from typing import Any

from flask.templating import Environment
from jinja2 import Template, nodes
from jinja2.visitor import NodeTransformer

from market.kit.catalogue import catalogue
from market.kit.words import language

LANGUAGES = ("zh", "en")
OF_DICTS = frozenset(dir(dict))
"""Names that stay methods: `form.errors.items()`."""


class Translator(NodeTransformer):
    """Replaces `_('text')` by the translated text, and `_('text', n=1)` by that text with its values put in."""

    def __init__(self, language: str) -> None:
        self.catalogue = catalogue(language)

    def visit_Call(self, call: nodes.Call) -> nodes.Node:
        call = self.generic_visit(call)  # type: ignore[assignment]
        match call:
            case nodes.Call(
                node=nodes.Name(name="_"),
                args=[nodes.Const(value=str(source))],
                dyn_args=None,
                dyn_kwargs=None,
            ):
                text = self.catalogue.gettext(source)
                if not call.kwargs:
                    return said(nodes.Const(text % {}, lineno=call.lineno))
                pairs = [
                    nodes.Pair(nodes.Const(value.key), value.value, lineno=call.lineno)
                    for value in call.kwargs
                ]
                return nodes.Mod(
                    said(nodes.Const(text)), nodes.Dict(pairs, lineno=call.lineno), lineno=call.lineno
                )
        return call


def said(text: nodes.Expr) -> nodes.Expr:
    """Our own words are markup, as they are to Jinja's gettext; the values put into them are escaped."""
    return nodes.MarkSafeIfAutoescape(text, lineno=text.lineno)


class Speaking(Environment):
    """Flask's environment, and under it one for each language; `render_template` gets the reader's."""

    speaks = ""

    @cached_property
    def spoken(self) -> "dict[str, Speaking]":
        found = {}
        for each in LANGUAGES:
            found[each] = self.overlay()
            found[each].speaks = each
        return found

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`card.title` of a dict is its key, without first failing to find an attribute, as Jinja does."""
        if type(obj) is dict and attribute in obj and attribute not in OF_DICTS:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def _load_template(self, name: str, globals: Any) -> Template:
        if not self.speaks:
            return self.spoken[language()]._load_template(name, globals)
        return super()._load_template(name, globals)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        return Translator(self.speaks).visit(tree) if self.speaks else tree
