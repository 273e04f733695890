/** What authors of packs are told, in their language: findings, steps, promises. Not on a student's page. */
import { saying } from "./said.js";
import { sentencesInParts } from "./sentences.js";

export const saidToAuthors = saying(() => import("./messages/authors.ja.js"), sentencesInParts);
