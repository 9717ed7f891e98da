// Walks through the API at the address given, by the functions that orval made of its OpenAPI document (client.ts). Each
// response has to pass the schema that orval made for it (schemas.ts), and each body that is sent too.

import type { ZodType } from "zod";
import * as api from "./client.js";
import { session } from "./request.js";
import * as schemas from "./schemas.js";

const address = process.argv[2];
check(address !== undefined, "usage: walk.js <address>");
session.address = address;

const account = { email: `${crypto.randomUUID()}@example.com`, password: "correct horse battery" };
const registered = await api.register(schemas.RegisterBody.parse(account));
check(registered.status === 201, "an account is made");
session.token = valid(schemas.RegisterResponse, registered.data).token;

// A title is enough; several tasks are made by a list.
const milk = await create({ title: "Buy milk" });
const made = await api.tasksCreate(
  schemas.TasksCreateBody.parse([
    { title: "Bake bread", priority: 3, tags: ["kitchen"] },
    { title: "Call Bob", priority: 1, due_date: "2030-01-31", due_time: "09:00", parent: milk.id },
  ]),
);
check(made.status === 201, "a list of tasks is made");
check(Array.isArray(valid(schemas.TasksCreateResponse, made.data)), "a list is answered by a list");

// Lists: one value, several values, a word in place of an id, and the id.
check((await titles({ priority: [1, 3], project: "none", ordering: "title" })) === "Bake bread, Call Bob", "by priority");
check((await titles({ parent: milk.id })) === "Call Bob", "by the id of the parent");
check((await titles({ parent: "none", due: "none" })) === "Bake bread, Buy milk", "those without a parent and a date");
check(!schemas.TasksListQueryParams.safeParse({ project: "inbox" }).success, "another word is refused by the schema");

// What is refused says what is wrong, and where.
const refused = await api.tasksCreate({ title: " " });
check(refused.status === 400 && refused.data.code === "validation_error", "a blank title is refused");
check(refused.data.errors?.[0]?.field === "title", "the problem names the field");

// One task is changed and completed.
const changed = await api.tasksPartialUpdate(milk.id, { title: "Buy oat milk" });
check(changed.status === 200, "the task is changed");
check(valid(schemas.TasksPartialUpdateResponse, changed.data).title === "Buy oat milk", "PATCH changes what it names");
const done = await api.tasksCompleteCreate(milk.id);
check(done.status === 200, "the task is completed");
check(valid(schemas.TasksCompleteCreateResponse, done.data).completed === true, "the task is completed");

// Deleted, restored, deleted for good.
check((await api.tasksDestroy(milk.id)).status === 204, "deleting is answered without a body");
const trash = await api.tasksTrashList();
check(trash.status === 200, "the trash is listed");
check(valid(schemas.TasksTrashListResponse, trash.data).results.length === 2, "the subtask is in the trash, too");
check((await api.tasksRestoreCreate(milk.id)).status === 200, "the task comes back");
check((await api.tasksDestroy(milk.id)).status === 204, "the task is deleted again");
check((await api.tasksTrashDestroy()).status === 204, "the trash is emptied");
const missing = await api.tasksRetrieve(milk.id);
check(missing.status === 404 && missing.data.code === "not_found", "the task does not exist anymore");
const pages = await follow();

// The account with all its data.
check((await api.meDelete({ password: account.password })).status === 204, "the account is deleted");
const gone = await api.meRetrieve();
check(gone.status === 401 && gone.data.status === 401, "the token has ended");
console.log(`orval: registered, created, listed, completed, synced in ${pages} pages, deleted`);

async function create(body: api.TaskRequest): Promise<api.Task> {
  const { status, data } = await api.tasksCreate(body);
  check(status === 201 && !Array.isArray(data), "an object is answered by an object");
  return data;
}

async function titles(query: api.TasksListParams): Promise<string> {
  const page = await api.tasksList(schemas.TasksListQueryParams.parse(query));
  check(page.status === 200, "the list is there");
  return valid(schemas.TasksListResponse, page.data).results.map((task) => task.title).sort().join(", ");
}

/** Read everything, one change at a time; each kind of change has its own schema. */
async function follow(): Promise<number> {
  let since: string | undefined;
  for (let pages = 1; ; pages++) {
    const sync = await api.sync(schemas.SyncQueryParams.parse({ since, limit: 1 }));
    check(sync.status === 200, "the sync goes on");
    const { token, has_more } = valid(schemas.SyncResponse, sync.data);
    if (!has_more) return pages;
    since = token;
  }
}

/** The data, if it passes the schema. */
function valid<T>(schema: ZodType, data: T): T {
  schema.parse(data);
  return data;
}

function check(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`Wrong: ${what}`);
}
