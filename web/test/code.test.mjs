import { test } from "node:test";
import assert from "node:assert/strict";
import { isSeatCode } from "../state/code.js";

test("a seat's code is told from a class's, however it is typed", () => {
	for (const typed of ["KXP7-M3QD", "kxp7m3qd", " ｋｘｐ７ーm3qd ", "KXP7 M3QD"]) assert.ok(isSeatCode(typed), typed);
	for (const typed of ["", "HOSHI-742", "KAEDE-346", "ほし742", "KXP7-M3Q", "KXP7-M3Q0"]) assert.ok(!isSeatCode(typed), typed);
});
