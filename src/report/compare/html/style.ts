/**
 * How the page looks: system fonts, aligned figures, one column of text and two of charts. Contrast of text is 4.5 : 1
 * or more, of lines and marks 3 : 1 or more, in light and in dark (tests/browser measures it).
 */

const LIGHT = `
  color-scheme: light;
  --paper: #ffffff; --ink: #1b1f24; --muted: #57606a; --rule: #dfe3e8; --wash: #f5f7f9; --link: #0a58a8;
  --good: #116a3b; --bad: #a8201a; --hit: 11 98 168; --miss: 196 84 18;
  --side-0: #0b62a8; --side-1: #0e7468; --side-2: #b3470b; --side-3: #7a3b9e; --side-4: #866000; --side-5: #ab2059;`;

const DARK = `
  color-scheme: dark;
  --paper: #14171b; --ink: #e4e7ea; --muted: #a3abb4; --rule: #31373e; --wash: #1c2025; --link: #7db8f0;
  --good: #6ecb96; --bad: #ff938b; --hit: 88 166 232; --miss: 232 132 62;
  --side-0: #6cb2f0; --side-1: #4fc4b2; --side-2: #f09a5c; --side-3: #c69ae6; --side-4: #d6b154; --side-5: #f08bb3;`;

export const STYLE = `
:root {${LIGHT}
}
@media (prefers-color-scheme: dark) { :root {${DARK}
} }
@media print { :root {${LIGHT}
} }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word;
}
.page { max-width: 1040px; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1, h2, h3 { line-height: 1.25; font-weight: 600; text-wrap: balance; }
h1 { font-size: 1.75rem; margin: 0 0 .35rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 0 0 .75rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
section { margin-top: 2.25rem; }
p { margin: 0 0 .75rem; max-width: 44rem; }
code { font: .875em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.lead, .aside, footer { color: var(--muted); }
.aside, footer { font-size: .875rem; }
.verdict { font-size: 1.0625rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: 1.1rem 0 0; padding: 0; font-size: .875rem; }
.facts { margin: 1.25rem 0; }
.facts div { display: grid; grid-template-columns: 5.5rem 1fr; gap: .75rem; padding: .3rem 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; min-width: 0; }
.terms { margin: .75rem 0 0; max-width: 52rem; }
.terms div { display: grid; grid-template-columns: 12rem 1fr; gap: .75rem; padding: .2rem 0; }
.terms dt { color: var(--muted); }
.terms dd { margin: 0; min-width: 0; }
.better { color: var(--good); font-weight: 600; }
.worse { color: var(--bad); font-weight: 600; }
.scroll { overflow-x: auto; margin: .5rem 0 1rem; }
table { border-collapse: collapse; font-size: .875rem; line-height: 1.4; }
section > .scroll > table:not(.matrix) { min-width: 100%; }
th, td { padding: .34rem .75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); vertical-align: baseline; }
th:first-child, td:first-child { padding-left: 0; }
th { font-weight: 400; }
th.word, td.word, th[scope=row], th[scope=rowgroup] { text-align: left; }
thead th { color: var(--muted); border-bottom-color: var(--muted); vertical-align: bottom; }
tr.group th { padding-top: 1rem; font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.5rem 2rem; align-items: start; }
.charts + .aside { margin-top: 1.25rem; }
.chart { margin: 0; min-width: 0; }
figcaption { font-size: .9375rem; font-weight: 600; margin-bottom: .35rem; }
.plot svg { display: block; width: 100%; height: auto; }
details { font-size: .875rem; margin-top: .25rem; }
summary { color: var(--link); cursor: pointer; width: max-content; }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; margin: 0 0 1rem; padding: 0; font-size: .9375rem; }
.key svg { vertical-align: -2px; margin-right: .5rem; }
.matrix { table-layout: fixed; width: 100%; }
.matrix th, .matrix td { padding: .25rem .3rem; text-align: right; border: 1px solid var(--rule); font-size: .8125rem; }
.matrix td:first-child { border: 0; }
.matrix thead th, .matrix th[scope=row] { color: var(--muted); max-width: 7rem; overflow: hidden; text-overflow: ellipsis; border-bottom-color: var(--rule); }
.matrix .hit { background: rgb(var(--hit) / var(--shade)); }
.matrix .miss { background: rgb(var(--miss) / var(--shade)); }
.matrix .none { color: var(--muted); }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; margin: 0 0 1rem; padding: 0; font-size: .8125rem; }
.pictures img { display: block; image-rendering: pixelated; border: 1px solid var(--muted); }
.pictures p { margin: .15rem 0 0; line-height: 1.3; }
.notes { margin: 0; padding-left: 1.2rem; max-width: 44rem; }
.notes li { margin-bottom: .35rem; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
caption.unseen { position: absolute; }
@media (max-width: 700px) {
  .page { padding: 1.5rem 1rem 2rem; }
  h1 { font-size: 1.375rem; }
  .charts { grid-template-columns: minmax(0, 1fr); }
  th, td { padding-right: .5rem; padding-left: .5rem; }
  .matrix th, .matrix td { padding: .25rem .2rem; font-size: .75rem; }
  .facts div, .terms div { grid-template-columns: 1fr; gap: 0; }
}
@media print {
  @page { margin: 14mm; }
  body { font-size: 10.5pt; }
  .page { max-width: none; padding: 0; }
  nav, details { display: none; }
  a { color: inherit; text-decoration: none; }
  h2, h3, figcaption { break-after: avoid; }
  .chart, tr, .facts, li { break-inside: avoid; }
  .scroll { overflow: visible; }
  th, td { padding: .18rem .4rem; font-size: 8.5pt; }
  .matrix .hit, .matrix .miss { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
