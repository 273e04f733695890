/** Markup as tagged templates: `html\`<p>…</p>\`` makes Preact's virtual nodes. */
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
