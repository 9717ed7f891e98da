// The functions that call the API, and the schemas (zod) that check what it answers.
const input = "openapi.json";
const mutator = { path: "request.ts", name: "request" };

export default {
  client: { input, output: { target: "client.ts", client: "fetch", override: { mutator } } },
  schemas: { input, output: { target: "schemas.ts", client: "zod" } },
};
