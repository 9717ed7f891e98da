"""Moments of other programs as days and times on the owner's clock."""

from datetime import UTC, date, datetime, time
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

from todos.icalendar.moments import in_zone

Wall = tuple[date, time | None]


def on_the_clock(moment: datetime, zone: ZoneInfo) -> Wall:
    """The day and the time that this moment is in `zone`. Midnight is how other programs write a day without a time."""
    local = in_zone(moment, zone)
    clock = local.time().replace(tzinfo=None, microsecond=0)
    return local.date(), clock if clock != time() else None


def utc_moment(text: str) -> datetime:
    """ "20240501T220000Z" or "2024-05-01T22:00:00+0000", in UTC; so is one without an offset. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip()[:40])
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError(text) from None


class PlainText(HTMLParser):
    BREAKS = {"p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "tr", "blockquote", "pre"}
    HIDDEN = {"script", "style", "head"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.hidden += tag in self.HIDDEN
        if tag in self.BREAKS:
            self.parts.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden = max(self.hidden - (tag in self.HIDDEN), 0)
        if tag in self.BREAKS and tag not in ("li", "br"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def plain_text(html: str) -> str:
    """The text of some HTML, with its line breaks."""
    if "<" not in html and "&" not in html:
        return html.strip()
    parser = PlainText()
    parser.feed(html)
    parser.close()
    lines = [line.strip() for line in "".join(parser.parts).split("\n")]
    kept = [line for index, line in enumerate(lines) if line or (index and lines[index - 1])]
    return "\n".join(kept).strip()
