// A calendar client in JavaScript, as a front end's developer would write it with tsdav: node walk.js SETTINGS
import assert from "node:assert/strict";
import { createDAVClient } from "tsdav";

const { address, user, password, list } = JSON.parse(process.argv[2]);

const client = await createDAVClient({
  serverUrl: address, // only the origin: the rest is found by /.well-known/caldav
  credentials: { username: user, password },
  authMethod: "Basic",
  defaultAccountType: "caldav",
});

const calendar = await home();
await create("Edited");
await create("Completed");
await create("Deleted");
const token = (await home()).syncToken;

await change("Edited", "SUMMARY:Edited", "SUMMARY:Renamed\r\nDUE;VALUE=DATE:20270801");
await change("Completed", "STATUS:NEEDS-ACTION", "STATUS:COMPLETED\r\nPERCENT-COMPLETE:100");
await refuseStale("Renamed");
await remove("Deleted");
await syncFrom(token);
console.log("found, created, changed, refused, deleted, synced");

async function home() {
  const calendars = await client.fetchCalendars();
  const found = calendars.find((each) => each.displayName === list);
  assert.ok(found, `no ${list} in ${JSON.stringify(calendars)}`);
  assert.deepEqual(found.components, ["VTODO"]);
  assert.ok(found.reports.includes("syncCollection"), String(found.reports));
  assert.ok(found.ctag);
  return found;
}

// Without the filter for events that it has as a default.
async function tasks() {
  const filters = [{ "comp-filter": { _attributes: { name: "VCALENDAR" }, "comp-filter": { _attributes: { name: "VTODO" } } } }];
  return client.fetchCalendarObjects({ calendar, filters });
}

async function task(title) {
  const found = (await tasks()).filter((each) => each.data.includes(`SUMMARY:${title}\r\n`));
  assert.equal(found.length, 1, title);
  assert.match(found[0].etag, /^"/);
  return found[0];
}

async function create(title) {
  const lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tsdav//walk//EN", "BEGIN:VTODO", `UID:${title}`,
    "DTSTAMP:20270101T000000Z", `SUMMARY:${title}`, "STATUS:NEEDS-ACTION", "X-WALK:kept", "END:VTODO", "END:VCALENDAR", ""];
  const response = await client.createCalendarObject({ calendar, filename: `${title}.ics`, iCalString: lines.join("\r\n") });
  assert.equal(response.status, 201, await response.text());
  const again = await client.createCalendarObject({ calendar, filename: `${title}.ics`, iCalString: lines.join("\r\n") });
  assert.equal(again.status, 412); // If-None-Match: *
}

async function change(title, from, to) {
  const { url, etag, data } = await task(title);
  assert.ok(data.includes("X-WALK:kept"));
  const response = await client.updateCalendarObject({ calendarObject: { url, etag, data: data.replace(from, to) } });
  assert.ok(response.ok, await response.text());
}

async function refuseStale(title) {
  const { url, etag, data } = await task(title);
  const stale = await client.updateCalendarObject({ calendarObject: { url, data, etag: '"stale"' } });
  assert.equal(stale.status, 412);
  assert.equal((await task(title)).etag, etag);
}

async function remove(title) {
  const { url, etag } = await task(title);
  assert.equal((await client.deleteCalendarObject({ calendarObject: { url, etag: '"stale"' } })).status, 412);
  assert.ok((await client.deleteCalendarObject({ calendarObject: { url, etag } })).ok);
}

async function syncFrom(syncToken) {
  const props = { "d:getetag": {} };
  const changed = (await client.syncCollection({ url: calendar.url, props, syncLevel: 1, syncToken }))
    .filter((each) => each.href).map((each) => [each.href.split("/").at(-1), each.status]);
  assert.deepEqual(changed.sort(), [["Completed.ics", 207], ["Deleted.ics", 404], ["Edited.ics", 207]]);
}
