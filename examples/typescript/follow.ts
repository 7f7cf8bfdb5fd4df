// Signs in, lists the spaces, deploys the one that is named, and follows it to its end.
//
//   SPACEPORT_URL=http://localhost:7860 npm run generate && npm run build
//   SPACEPORT_EMAIL=… SPACEPORT_PASSWORD=… node built/follow.js owner/name

import createClient from "openapi-fetch";
import type { components, paths } from "./spaceport.js";

type Deployment = components["schemas"]["DeploymentPublic"];

const url = process.env.SPACEPORT_URL ?? "http://localhost:7860";
const [owner = "", name = ""] = (process.argv[2] ?? "").split("/");
const client = createClient<paths>({ baseUrl: url });

const signedIn = await client.POST("/api/v1/auth/token", {
  body: { username: process.env.SPACEPORT_EMAIL ?? "", password: process.env.SPACEPORT_PASSWORD ?? "" },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
if (signedIn.error) throw new Error(signedIn.error.detail);
const authorization = `Bearer ${signedIn.data.access_token}`;
client.use({
  onRequest: ({ request }) => request.headers.set("Authorization", authorization),
});

const spaces = await client.GET("/api/v1/spaces", { params: { query: { limit: 50 } } });
if (spaces.error) throw new Error(spaces.error.detail);
for (const space of spaces.data.items) console.log(`space ${space.owner}/${space.name} ${space.visibility}`);

const missing = await client.GET("/api/v1/spaces/{owner}/{name}", { params: { path: { owner, name: "nothing" } } });
if (missing.error) console.log(`problem ${missing.error.code}: ${missing.error.fix}`);

const created = await client.POST("/api/v1/spaces/{owner}/{name}/deployments", {
  params: { path: { owner, name }, header: { "Idempotency-Key": crypto.randomUUID() } },
});
if (created.error) throw new Error(`${created.error.detail} ${created.error.fix}`);
const deployment: Deployment = created.data;

// Server-sent events over fetch: unlike EventSource, it can send the access token.
const events = await fetch(`${url}/api/v1/deployments/${deployment.id}/events`, {
  headers: { Authorization: authorization },
});
const text = events.body!.pipeThrough(new TextDecoderStream());
for await (const chunk of text as unknown as AsyncIterable<string>) {
  for (const kind of chunk.matchAll(/^event: (deployment\..+)$/gm)) console.log(`event ${kind[1]}`);
}
