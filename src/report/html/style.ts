/** Readable in light and dark, without colour (signs and hatching carry the meaning) and on paper. */
export const STYLE = `
:root { --ink: #1b1f24; --paper: #fff; --line: #c8ced6; --good: #14662b; --bad: #a1121d; --unsure: #7a4b00; --piece: #3567a8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ee; --paper: #14171b; --line: #454c55; --good: #7fd494; --bad: #ff8d8d; --unsure: #efbf6a; --piece: #7aa9e6 }
}
body { color: var(--ink); background: var(--paper); font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
.outcome { font-size: 1.15rem; font-weight: 600 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem } dt { opacity: .75 } dd { margin: 0; overflow-wrap: anywhere }
code, pre { font: 13px/1.4 ui-monospace, monospace }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100% } td, th { border-bottom: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top }
tr:not(.details) > td:first-child { white-space: nowrap } .num { text-align: right; font-variant-numeric: tabular-nums }
th button { all: unset; cursor: pointer; font-weight: 600 } th button:focus-visible, .open:focus-visible { outline: 2px solid var(--piece); outline-offset: 2px }
th[aria-sort=ascending] button::after { content: " ▲" / "" } th[aria-sort=descending] button::after { content: " ▼" / "" }
.mark.good { color: var(--good) } .mark.bad { color: var(--bad); font-weight: 600 } .mark.unsure { color: var(--unsure) }
.tools { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; align-items: center } output { opacity: .75 }
.open { font: inherit; font-size: 12px; color: inherit; background: none; border: 1px solid var(--line); border-radius: 3px; cursor: pointer }
figure { margin: .6rem 0 } figcaption { opacity: .8 } svg { width: 100%; height: auto; max-width: 60rem } svg text { font-size: 9px; fill: currentColor }
.piece { fill: var(--piece) } .overlap { fill: var(--paper); stroke: var(--bad); stroke-width: 1.5 } .conflict { fill: var(--bad) } .hole { fill: none; stroke: var(--unsure); stroke-dasharray: 3 2 }
line { stroke: var(--line) } .bar { width: 50% } caption { text-align: left; opacity: .75 }
mark { color: inherit; background: none; outline: 2px solid var(--bad); font-weight: 700 }
tbody { content-visibility: auto }
@media print { body { margin: 0; max-width: none; color: #000; background: #fff } .tools, .open { display: none } tr { break-inside: avoid } }
`;
