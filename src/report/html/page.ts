import { behaviour } from './behaviour.js';
import type { ReportDocument } from './document.js';
import { html, Markup } from './markup.js';
import { mark, section } from './sections.js';
import { STYLE } from './style.js';

/** Nothing is loaded from anywhere: whatever a capture says, the page shows text and runs this script alone. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** One self-contained page. */
export function htmlPage({ title, outcome, command, at, circumstances, sections }: ReportDocument): string {
  const facts = circumstances.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="color-scheme" content="light dark">
<title>${title}: ${outcome.text}</title><style>${new Markup(STYLE)}</style></head>
<body><header><h1>${title}</h1><p class="outcome">${mark(outcome.verdict, outcome.text)}</p>
<dl><dt>run again</dt><dd><code>${command}</code></dd><dt>at</dt><dd><time datetime="${at.toISOString()}">${at
    .toISOString()
    .replace('T', ' ')
    .slice(0, 19)} UTC</time></dd>${facts}</dl></header>
<main>${sections.map(section)}</main>
<script>(${new Markup(behaviour.toString())})(document)</script></body></html>
`.text;
}
