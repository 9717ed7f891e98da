// Walks through the API at the address given, by types that openapi-typescript made of its OpenAPI document (api.d.ts).
// `make test-clients` compiles it with all that `--strict` checks, and runs it against the production server.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
type Answer<T> = { data?: T; error?: Schemas["Problem"]; response: Response };

const baseUrl = process.argv[2];
check(baseUrl !== undefined, "usage: walk.js <address>");

const stranger = createClient<paths>({ baseUrl });
const account = { email: `${crypto.randomUUID()}@example.com`, password: "correct horse battery" };
const { token, user } = content(await stranger.POST("/api/v1/auth/register/", { body: account }));
check(user.email === account.email, "the account is the one that was asked for");
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

// A title is enough; several tasks are made by a list.
const milk = single(content(await api.POST("/api/v1/tasks/", { body: { title: "Buy milk" } })));
check(milk.completed_at === null && milk.tags.length === 0, "what was left out has its default");
const made = content(
  await api.POST("/api/v1/tasks/", {
    body: [
      { title: "Bake bread", priority: 3, tags: ["kitchen"] },
      { title: "Call Bob", priority: 1, due_date: "2030-01-31", due_time: "09:00" },
    ],
  }),
);
check(Array.isArray(made) && made.length === 2, "a list is answered by a list");

// Lists: one value, several values, a word in place of an id.
const query = { priority: [1, 3], project: "none", ordering: "title" } satisfies paths["/api/v1/tasks/"]["get"]["parameters"]["query"];
const page = content(await api.GET("/api/v1/tasks/", { params: { query } }));
check(titles(page.results) === "Bake bread, Call Bob", "the filters take lists of values");
check(page.next === null, "there is one page");

// One task, fetched by its id, changed and completed.
const params = { path: { id: milk.id } };
content(await api.PATCH("/api/v1/tasks/{id}/", { params, body: { priority: 4, description: "Two litres" } }));
const renamed = content(await api.PATCH("/api/v1/tasks/{id}/", { params, body: { title: "Buy oat milk" } }));
check(renamed.priority === 4 && renamed.description === "Two litres", "PATCH changes only what it names");
const done = content(await api.POST("/api/v1/tasks/{id}/complete/", { params }));
check(done.completed && done.completed_at !== null, "the task is completed");

// What is refused says what is wrong, and where.
const { error: problem } = await api.POST("/api/v1/tasks/", { body: { title: " " } });
check(problem?.code === "validation_error", "a blank title is refused");
check(problem.errors?.[0]?.field === "title" && problem.errors[0].code === "blank", "the problem names the field");

// A replica: everything first, then what changed, deletions included.
const replica = new Map<string, Schemas["Task"]>();
const first = await follow(replica);
const open = content(await api.GET("/api/v1/tasks/", { params: { query: { ordering: "title" } } })).results;
check(first.pages > 1, "the sync came in several pages");
check(titles([...replica.values()]) === titles(open), "the replica has what the list has");
check(replica.get(milk.id)?.completed === true, "the replica knows what is completed");

const { response: gone } = await api.DELETE("/api/v1/tasks/{id}/", { params });
check(gone.status === 204, "deleting is answered without a body");
await follow(replica, first.token);
check(!replica.has(milk.id) && replica.size === 2, "the replica forgets what was deleted");

const { response: bye } = await api.POST("/api/v1/auth/logout/");
check(bye.status === 204, "signing out is answered without a body");
const { error: refused } = await api.GET("/api/v1/me/");
check(refused?.status === 401, "the token has ended");
console.log(`TypeScript: registered, created, listed, completed, synced in ${first.pages} pages`);

/** Bring the replica up to date. Tags and projects are told apart from tasks by their `type`. */
async function follow(replica: Map<string, Schemas["Task"]>, since?: string) {
  for (let pages = 1; ; pages++) {
    const sync = content(await api.GET("/api/v1/sync/", { params: { query: { since, limit: 2 } } }));
    for (const change of sync.results) {
      if (change.type !== "task") continue;
      if (change.object) replica.set(change.id, change.object);
      else replica.delete(change.id);
    }
    since = sync.token;
    if (!sync.has_more) return { pages, token: sync.token };
  }
}

function content<T>({ data, error, response }: Answer<T>): NonNullable<T> {
  if (data) return data;
  throw new Error(`${response.status} ${response.url}: ${error?.detail ?? "no content"}`);
}

function single(made: Schemas["TaskOrTasks"]): Schemas["Task"] {
  check(!Array.isArray(made), "an object is answered by an object");
  return made;
}

function titles(tasks: Schemas["Task"][]): string {
  return tasks.map((task) => task.title).sort().join(", ");
}

function check(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`Wrong: ${what}`);
}
