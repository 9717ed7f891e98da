"""A program for tasks on top of evolution-data-server, as those of GNOME are: Evolution, Endeavour, the clock.

It reads commands, one a line, and says what came of each. The system's Python runs it, which has the bindings.
"""

import json
import sys
import time
from urllib.parse import urlsplit

import gi

gi.require_version("ECal", "2.0")
gi.require_version("EDataServer", "1.2")
from gi.repository import ECal, EDataServer, GLib, ICalGLib  # noqa: E402

NOT_WAITING = 2**32 - 1
ZONE = ICalGLib.Timezone.get_builtin_timezone("Europe/Zurich")


def source_of(url: str, user: str) -> EDataServer.Source:
    """An account's task list, as Evolution's window for a new one sets it up."""
    address = urlsplit(url)
    source = EDataServer.Source.new_with_uid("outside", None)
    source.set_display_name("Outside")
    source.set_parent("caldav-stub")
    source.get_extension("Task List").set_backend_name("caldav")
    source.get_extension("Security").set_method("none")
    source.get_extension("WebDAV Backend").set_resource_path(address.path)
    login = source.get_extension("Authentication")
    login.set_host(address.hostname)
    login.set_port(address.port)
    login.set_user(user)
    return source


def discover(source: EDataServer.Source, address: str, credentials: EDataServer.NamedParameters) -> dict[str, str]:
    """The addresses of the task lists, by name."""
    tasks = EDataServer.WebDAVDiscoverSupports.TASKS
    found = EDataServer.webdav_discover_sources_sync(source, address, tasks, credentials, None)
    return {each.display_name: each.href for each in found.out_discovered_sources if each.supports & tasks}


def connect(source: EDataServer.Source, credentials: EDataServer.NamedParameters) -> ECal.Client:
    """Without a keyring: the password goes straight to the backend, as from Evolution's window that asks for it."""
    registry = EDataServer.SourceRegistry.new_sync(None)
    registry.commit_source_sync(source, None)
    source = registry.ref_source(source.get_uid())
    client = ECal.Client.connect_sync(source, ECal.ClientSourceType.TASKS, NOT_WAITING, None)
    source.invoke_authenticate_sync(credentials, None)
    for _ in range(300):
        while GLib.MainContext.default().iteration(False):
            pass  # so that it hears about the connection
        if source.get_connection_status() == EDataServer.SourceConnectionStatus.CONNECTED:
            return client
        time.sleep(0.1)
    raise TimeoutError(source.get_connection_status())


class TaskList:
    def __init__(self, client: ECal.Client):
        self.client = client
        client.add_timezone_sync(ZONE, None)

    def tasks(self) -> dict[str, dict]:
        return {task.get_summary(): shown(task) for task in self.all()}

    def all(self) -> list[ICalGLib.Component]:
        return self.client.get_object_list_sync("#t", None).out_icalcomps

    def find(self, title: str) -> ICalGLib.Component:
        return next(task for task in self.all() if task.get_summary() == title)

    def refresh(self) -> None:
        self.client.refresh_sync(None)

    def add(self, title: str, due: str = "", rule: str = "") -> None:
        task = ICalGLib.Component.new_vtodo()
        task.set_summary(title)
        if due:
            task.add_property(moment_property("due", due))
        if rule:  # Evolution repeats from the start
            task.add_property(moment_property("dtstart", due))
            task.add_property(ICalGLib.Property.new_rrule(ICalGLib.Recurrence.new_from_string(rule)))
            ECal.util_init_recur_task_sync(task, self.client, None)
        self.client.create_object_sync(task, ECal.OperationFlags.NONE, None)

    def change(self, title: str, new: str, due: str) -> None:
        task = self.find(title)
        task.set_summary(new)
        remove(task, ICalGLib.PropertyKind.DUE_PROPERTY)
        task.add_property(moment_property("due", due))
        self.save(task)

    def complete(self, title: str) -> None:
        """By what Evolution's own menu calls. Of a task that recurs, it completes the next occurrence."""
        task = self.find(title)
        ECal.util_mark_task_complete_sync(task, -1, self.client, None)
        self.save(task)

    def save(self, task: ICalGLib.Component) -> None:
        self.client.modify_object_sync(task, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)

    def delete(self, title: str) -> None:
        self.client.remove_object_sync(
            self.find(title).get_uid(), None, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None
        )


def moment_property(kind: str, moment: str) -> ICalGLib.Property:
    """ "2027-07-31" or "2027-07-31 09:00"; the time with Evolution's own name for the zone."""
    make = getattr(ICalGLib.Property, f"new_{kind}")
    digits = moment.replace("-", "").replace(":", "").replace(" ", "T")
    if "T" not in digits:
        return make(ICalGLib.Time.new_from_string(digits))
    when = make(ICalGLib.Time.new_from_string(f"{digits}00"))
    when.add_parameter(ICalGLib.Parameter.new_tzid(ZONE.get_tzid()))
    return when


def remove(task: ICalGLib.Component, kind: ICalGLib.PropertyKind) -> None:
    while old := task.get_first_property(kind):
        task.remove_property(old)


def shown(task: ICalGLib.Component) -> dict:
    when = task.get_first_property(ICalGLib.PropertyKind.DUE_PROPERTY)
    status = task.get_first_property(ICalGLib.PropertyKind.STATUS_PROPERTY)
    return {
        "due": moment(when) if when else "",
        "completed": status is not None and status.get_value_as_string() == "COMPLETED",
        "description": task.get_description() or "",
    }


def moment(when: ICalGLib.Property) -> str:
    time = when.get_due()
    if time.is_utc():
        time = time.convert_to_zone(ZONE)
    date = f"{time.get_year()}-{time.get_month():02}-{time.get_day():02}"
    return date if time.is_date() else f"{date} {time.get_hour():02}:{time.get_minute():02}"


def main(url: str, user: str, password: str, address: str) -> None:
    credentials = EDataServer.NamedParameters.new()
    credentials.set("username", user)
    credentials.set("password", password)
    source = source_of(url, user)
    print(json.dumps(discover(source, address, credentials)), flush=True)
    tasks = TaskList(connect(source, credentials))
    for line in sys.stdin:
        name, *values = json.loads(line)
        print(json.dumps(getattr(tasks, name)(*values)), flush=True)


if sys.argv[1] != "--check":
    main(**json.loads(sys.argv[1]))
