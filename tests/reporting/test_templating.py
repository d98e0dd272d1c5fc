"""One set of rules for every page: values are escaped, and a forgotten value is an error."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from gan_augment.reporting.templating import page_environment


def test_what_users_wrote_is_escaped_and_our_own_drawings_are_not() -> None:
    template = page_environment().from_string("{{ a }}{{ b }}")
    assert template.render(a="<b>", b=Markup("<svg/>")) == "&lt;b&gt;<svg/>"


@pytest.mark.parametrize("text", ["{{ forgotten }}", "{{ known.forgotten }}", "{% if forgotten %}x{% endif %}"])
def test_a_name_without_a_value_is_an_error(text: str) -> None:
    with pytest.raises(UndefinedError, match="forgotten"):
        page_environment().from_string(text).render(known={})


def test_lines_of_tags_alone_leave_no_blank_lines() -> None:
    template = page_environment().from_string("<ul>\n  {% for n in (1, 2) %}\n  <li>{{ n }}\n  {% endfor %}\n</ul>")
    assert template.render() == "<ul>\n  <li>1\n  <li>2\n</ul>"


def test_every_page_can_be_read() -> None:
    environment = page_environment()
    names = environment.list_templates(extensions=["j2"])
    assert {"report.html.j2", "preview.html.j2", "leaderboard.html.j2"} <= set(names)
    for name in names:
        environment.get_template(name)
