"""Reports: calendar-query and calendar-multiget (RFC 4791), and sync-collection (RFC 6578)."""

from collections.abc import Iterator
from itertools import chain
from xml.etree.ElementTree import Element

from django.http import HttpResponse

from dav import xml
from dav.errors import DavError, Forbidden
from dav.filters import Filter
from dav.lists import TaskList
from dav.objects import PAGE, Found, by_name, read_all, read_names, read_texts, tasks_in
from dav.paths import Path
from dav.properties import ListNode
from dav.queries import name_of, with_names
from dav.sync import Changes, changes_since
from dav.tokens import SyncToken
from dav.views import principals
from dav.views.base import multistatus, names_asked
from dav.xml import c, d

MAX_HREFS = 5_000
NOT_FOUND = "404 Not Found"


def run(request, task_list: TaskList) -> HttpResponse:
    """The report that the body asks for, about a list."""
    root = xml.parse(request.body)
    if root is None:
        raise DavError("The body must be a report.", status=400)
    if special := REPORTS.get(root.tag):
        return special(request, task_list, root)
    return principals.report(request, ListNode(task_list, request.auth))


def multiget(request, task_list: TaskList, root: Element) -> HttpResponse:
    hrefs = [(each.text or "").strip() for each in root.findall(d("href"))]
    if len(hrefs) > MAX_HREFS:
        raise Forbidden(f"Ask for at most {MAX_HREFS} objects.", "d:number-of-matches-within-limits")
    return multistatus(multiget_responses(request, task_list, root, hrefs))


def multiget_responses(request, task_list: TaskList, root: Element, hrefs: list[str]) -> Iterator[str]:
    names = names_asked(root) or [d("getetag"), c("calendar-data")]
    for start in range(0, len(hrefs), PAGE):
        wanted = {href: name_in(task_list, href) for href in hrefs[start : start + PAGE]}
        asked = [name for name in wanted.values() if name]
        found = by_name(read_texts(task_list, asked) if c("calendar-data") in names else read_names(task_list))
        for href, name in wanted.items():
            if name in found:
                yield xml.response(href, found[name].node(task_list, request.auth).describe(names))
            else:
                yield xml.status_response(href, NOT_FOUND)


def name_in(task_list: TaskList, href: str) -> str | None:
    """The name in this list that an address leads to."""
    path = Path.read(href)
    if path is None or (path.owner, path.list) != (str(task_list.user.pk), task_list.name):
        return None
    return path.name


def query(request, task_list: TaskList, root: Element) -> HttpResponse:
    names = names_asked(root) or [d("getetag")]
    wanted = Filter.read(root.find(c("filter")), task_list.user)
    tasks, reads = wanted.narrow(tasks_in(task_list)), c("calendar-data") in names
    if wanted.is_empty and not reads:
        found = read_names(task_list)
    else:
        sure, unsure = (tasks.none(), tasks) if reads else wanted.split(tasks)
        found = chain(only_tasks(sure), filter(wanted.matches, read_all(task_list, unsure)))
    return multistatus(each.node(task_list, request.auth).respond(names) for each in found)


def only_tasks(tasks) -> Iterator[Found]:
    return (Found(name_of(row), row["revision"]) for row in with_names(tasks))


def sync(request, task_list: TaskList, root: Element) -> HttpResponse:
    user = task_list.user
    names = names_asked(root) or [d("getetag")]
    text = root.findtext(d("sync-token"), "").strip()
    since = SyncToken.read(text, user) if text else None
    level = root.findtext(d("sync-level"), "1").strip()
    if level not in ("1", "infinite"):
        raise DavError("sync-level must be 1.", status=400)
    changes = changes_since(task_list, since, limit_in(root))
    token = f"<d:sync-token>{xml.text(changes.token.write(user))}</d:sync-token>"
    return multistatus(sync_responses(request, task_list, names, changes), token)


def sync_responses(request, task_list: TaskList, names: list[str], changes: Changes) -> Iterator[str]:
    present = changes.present
    if c("calendar-data") in names:
        texts = by_name(read_texts(task_list, [each.name for each in present]))
        present = [texts.get(each.name, each) for each in present]
    for each in present:
        yield each.node(task_list, request.auth).respond(names)
    for name in changes.removed:
        yield xml.status_response(str(Path.of(task_list.user.pk, task_list.name, name)), NOT_FOUND)
    if changes.is_cut:
        error = "<d:error><d:number-of-matches-within-limits/></d:error>"
        yield xml.status_response(str(task_list.path), "507 Insufficient Storage", error)


def limit_in(root: Element) -> int | None:
    text = root.findtext(f"{d('limit')}/{d('nresults')}")
    if text is None:
        return None
    if not text.strip().isdecimal() or len(text) > 9 or int(text) < 1:
        raise DavError("nresults must be a number from 1.", status=400)
    return int(text)


REPORTS = {
    c("calendar-multiget"): multiget,
    c("calendar-query"): query,
    d("sync-collection"): sync,
}
