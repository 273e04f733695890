import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Daemon, launchedClass, root, run } from "./daemon.mjs";
import { parseYaml } from "./yaml.mjs";

const document = parseYaml(readFileSync(join(root, "docs/openapi.yaml"), "utf8"));
const methods = ["get", "post", "put", "patch", "delete"];
let daemon, hana, running;

before(async () => {
	daemon = await Daemon.start();
	hana = await daemon.account("hana", "instructor");
	running = await launchedClass(daemon, hana, ["Aoi"]);
});
after(() => daemon?.stop());

const resolve = (value) => {
	if (!value?.$ref) return value;
	const found = value.$ref.split("/").slice(1).reduce((at, name) => at?.[name], document);
	assert.ok(found, `${value.$ref} is not there`);
	return found;
};

const operations = () => Object.entries(document.paths).flatMap(([path, item]) =>
	methods.filter((method) => item[method]).map((method) => ({ path, method: method.toUpperCase(), item, ...item[method] })));

test("every route is documented, and everything documented is a route, with the same rule, body and parameters", async () => {
	const describe = (method, path, rule, body, query) => `${method} ${path} ${rule} body=${body} ${[...query].sort()}`;
	const routes = JSON.parse((await run(["--routes"])).output).filter((route) => route.path.startsWith("/"))
		.map((route) => describe(route.method, route.path, route.rule, route.body, route.query));
	const documented = operations().map((one) => describe(one.method, one.path, one["x-rule"], Boolean(one.requestBody),
		(one.parameters ?? []).map(resolve).filter((parameter) => parameter.in === "query").map((parameter) => parameter.name)));
	assert.deepEqual(documented.sort(), routes.sort());
});

test("every reference leads somewhere, and every path variable is described", () => {
	const visit = (value) => {
		if (value && typeof value === "object") {
			if (value.$ref) resolve(value);
			Object.values(value).forEach(visit);
		}
	};
	visit(document);
	for (const [path, item] of Object.entries(document.paths)) {
		const wanted = [...path.matchAll(/{(\w+)}/g)].map((found) => found[1]);
		const given = (item.parameters ?? []).map(resolve).map((parameter) => parameter.name);
		assert.deepEqual(given, wanted, path);
	}
});

/** What does not fit, as text; "" when all does. */
function misfit(schema, value, where) {
	schema = resolve(schema);
	if (schema.allOf) return schema.allOf.map((one) => misfit(one, value, where)).find(Boolean) ?? "";
	if (schema.anyOf) return schema.anyOf.some((one) => !misfit(one, value, where)) ? "" : `${where} fits nothing of anyOf`;
	const kind = value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value;
	const types = [schema.type].flat();
	if (!types.includes(kind) && !(kind === "integer" && types.includes("number"))) return `${where} is ${kind}, not ${types}`;
	if (schema.enum && !schema.enum.includes(value)) return `${where} is "${value}", not one of ${schema.enum}`;
	if (schema.minimum !== undefined && value < schema.minimum) return `${where} is below ${schema.minimum}`;
	if (kind === "array") return value.map((item, i) => misfit(schema.items, item, `${where}[${i}]`)).find(Boolean) ?? "";
	if (kind !== "object") return "";
	for (const name of schema.required ?? []) if (!(name in value)) return `${where}.${name} is missing`;
	for (const [name, item] of Object.entries(value)) {
		const known = schema.properties?.[name];
		if (!known && schema.additionalProperties === false) return `${where}.${name} is not documented`;
		const problem = known ? misfit(known, item, `${where}.${name}`) : "";
		if (problem) return problem;
	}
	return "";
}

function holds(reply, method, path) {
	const operation = operations().find((one) => one.path === path && one.method === method);
	const expected = resolve(operation.responses[reply.status]);
	assert.ok(expected, `${method} ${path} answers ${reply.status}: ${reply.text}`);
	for (const [type, { schema }] of Object.entries(expected.content ?? {})) {
		assert.equal(reply.headers["content-type"], type);
		assert.equal(misfit(schema, reply.json, path), "");
	}
}

test("what the daemon answers is what is documented", async () => {
	const seat = running.seat[0].id, lab = running.labs[0].id, course = "linux-intro";
	const names = { class: running.id, seat, lab, course, version: "1.0.0", image: "debian-13" };
	for (const path of ["/health", "/session", "/host", "/courses", "/courses/{course}/capacity", "/courses/{course}/proof", "/packs",
		"/packs/{course}/{version}", "/packs/{course}/{version}/labs/{lab}", "/images", "/images/{image}", "/images/{image}/log", "/templates",
		"/works", "/classes", "/classes/{class}", "/seats/{seat}", "/seats/{seat}/attempts", "/seats/{seat}/workspace",
		"/seats/{seat}/labs/{lab}"]) {
		const address = path.replace(/{(\w+)}/g, (_, name) => names[name]);
		holds(await daemon.as(hana, "GET", address), "GET", `/api/v1${path}`);
	}
	holds(await daemon.as(hana, "GET", `/audit?class=${running.id}`), "GET", "/api/v1/audit");
	holds(await daemon.as(hana, "GET", "/audit"), "GET", "/api/v1/audit");
	holds(await daemon.as(hana, "GET", `/classes/${running.id}/results`), "GET", "/api/v1/classes/{class}/results");
	holds(await daemon.as(hana, "GET", "/results"), "GET", "/api/v1/results");
	holds(await daemon.as(hana, "GET", `/classes/${running.id}/certificates`), "GET", "/api/v1/classes/{class}/certificates");
	holds(await daemon.as(hana, "GET", "/certificates/2222-2222-2222"), "GET", "/api/v1/certificates/{certificate}");
	holds(await daemon.as(hana, "GET", `/classes/${running.id}/staff`), "GET", "/api/v1/classes/{class}/staff");
	holds(await daemon.as(hana, "POST", `/seats/${seat}/join-link`), "POST", "/api/v1/seats/{seat}/join-link");
	holds(await daemon.as(hana, "POST", `/seats/${seat}/ssh`), "POST", "/api/v1/seats/{seat}/ssh");
	holds(await daemon.as(hana, "POST", `/seats/${seat}/hand`, { raised: true }), "POST", "/api/v1/seats/{seat}/hand");
	holds(await daemon.as(hana, "PATCH", `/seats/${seat}`, { name: "葵" }), "PATCH", "/api/v1/seats/{seat}");
	holds(await daemon.as(hana, "POST", "/images/debian-13/build", {}), "POST", "/api/v1/images/{image}/build");
	holds(await daemon.as(hana, "GET", `/classes/${running.id}/capacity`), "GET", "/api/v1/classes/{class}/capacity");
	const draft = await daemon.as(hana, "POST", "/classes", { course, seats: 2 });
	holds(draft, "POST", "/api/v1/classes");
	holds(await daemon.as(hana, "GET", `/classes/${draft.json.id}/capacity`), "GET", "/api/v1/classes/{class}/capacity");
	holds(await daemon.as(hana, "POST", "/classes", { course }), "POST", "/api/v1/classes");
	holds(await daemon.request("POST", "/api/v1/session", { body: { login: "x", password: "y" } }), "POST", "/api/v1/session");
});
