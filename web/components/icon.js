/** Small line drawings that take the colour of the text beside them. Always decoration. */
import { html } from "../html.js";

const SHAPES = {
	hand: html`<path d="M7 11V5.500a1.400 1.400 0 0 1 2.800 0V10M9.800 9.500V3.900a1.400 1.400 0 0 1 2.800 0V10M12.600 9.800V4.900a1.400 1.400 0 0 1 2.800 0v8.300c0 3.500-2.200 5.300-5 5.300-2.400 0-3.700-1-5-3.300l-2-3.700c-.7-1.300 1-2.400 2-1.200L7 12.500" />`,
	eye: html`<path d="M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5z" /><circle cx="10" cy="10" r="2.300" />`,
	keys: html`<rect x="2" y="5" width="16" height="10" rx="1.500" /><path d="M5 8.500h.01M8.300 8.500h.01M11.700 8.500h.01M15 8.500h.01M6 11.800h8" />`,
	clock: html`<circle cx="10" cy="10" r="7" /><path d="M10 5.800V10l3 2" />`,
	sun: html`<circle cx="10" cy="10" r="3.400" /><path d="M10 2v2M10 16v2M2 10h2M16 10h2M4.300 4.300l1.400 1.400M14.300 14.300l1.400 1.400M4.300 15.700l1.400-1.400M14.300 5.700l1.400-1.400" />`,
	moon: html`<path d="M16.500 12.200A7 7 0 0 1 7.800 3.500a7 7 0 1 0 8.700 8.700z" />`,
	half: html`<circle cx="10" cy="10" r="7" /><path d="M10 3a7 7 0 0 1 0 14z" fill="currentColor" />`,
};

/** @param {{ name: keyof typeof SHAPES }} props */
export function Icon({ name }) {
	return html`<svg class="drawn" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><g fill="none"
		stroke="currentColor" stroke-width="1.500" stroke-linecap="round" stroke-linejoin="round">${SHAPES[name]}</g></svg>`;
}
