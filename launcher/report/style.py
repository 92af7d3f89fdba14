"""The looks of the HTML report: one style sheet, light and dark, for wide and narrow screens. No text lives here."""

STYLE = """
:root { color-scheme: light dark;
  --paper: #f6f7f9; --card: #fff; --ink: #1b2330; --soft: #5c6878; --line: #dfe4ea; --shade: #eef1f5;
  --passed: #157a4a; --failed: #c22f2f; --left: #75808f; --work: #3a6fd8; --skip: #9aa6b5;
  --good: #e5f5ec; --bad: #fdeaea; --probe: #e0a030; --wait: #cdd5df; --still: #a9d8bf; --own: #8a4fd0; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #10141b; --card: #181e27; --ink: #e4e9f0; --soft: #95a1b2; --line: #2a3340; --shade: #202834;
  --passed: #4cc38a; --failed: #ff7b72; --left: #8a96a6; --work: #6d9bf5; --skip: #566273;
  --good: #16301f; --bad: #3a1d1d; --probe: #d9a441; --wait: #3a4554; --still: #2c6b4b; --own: #b48cf2; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header { max-width: 68rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.5rem; margin: 0; line-height: 1.25; }
h2 { font-size: 1.15rem; margin: 2rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; }
.subject, .when { color: var(--soft); margin: .2rem 0 0; overflow-wrap: anywhere; }
.verdict { display: inline-block; padding: .15rem .7rem; border-radius: 99px; font-weight: 600; margin-bottom: .6rem; }
.verdict.passed { background: var(--good); color: var(--passed); }
.verdict.failed { background: var(--bad); color: var(--failed); }
.filter { position: absolute; opacity: 0; pointer-events: none; }
.filters { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem; padding: .75rem 1rem;
  max-width: 68rem; margin: 1rem auto 0; background: var(--paper); }
.filters label { border: 1px solid var(--line); background: var(--card); border-radius: 99px; padding: .2rem .8rem;
  cursor: pointer; user-select: none; }
.filters b { font-variant-numeric: tabular-nums; }
#all:checked ~ .filters [for=all], #failed:checked ~ .filters [for=failed],
#passed:checked ~ .filters [for=passed], #left:checked ~ .filters [for=left] {
  border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--ink); }
.filter:focus-visible ~ .filters label { outline-offset: 2px; }
#all:focus-visible ~ .filters [for=all], #failed:focus-visible ~ .filters [for=failed],
#passed:focus-visible ~ .filters [for=passed], #left:focus-visible ~ .filters [for=left] {
  outline: 2px solid var(--work); }
#failed:checked ~ main .finding:not(.failed), #passed:checked ~ main .finding:not(.passed),
#left:checked ~ main .finding:not(.left),
#failed:checked ~ main .group:not(:has(.failed)), #passed:checked ~ main .group:not(:has(.passed)),
#left:checked ~ main .group:not(:has(.left)) { display: none; }
.group, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; margin: 0 0 1rem;
  overflow: hidden; }
.group > .head { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem;
  padding: .7rem 1rem; background: var(--shade); }
.group > .head span { color: var(--soft); font-size: .85rem; }
.finding { display: grid; grid-template-columns: 1.4rem minmax(8rem, 15rem) 1fr auto; gap: 0 .75rem;
  padding: .5rem 1rem; border-top: 1px solid var(--line); }
.finding .mark { font-weight: 700; }
.finding.passed .mark { color: var(--passed); }
.finding.failed .mark { color: var(--failed); }
.finding.left .mark, .finding.left .evidence { color: var(--left); }
.finding.failed { background: var(--bad); }
.name { font-weight: 550; overflow-wrap: anywhere; }
.evidence { overflow-wrap: anywhere; }
.took { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; font-size: .85rem; }
.more { grid-column: 2 / -1; }
.remedy { margin: .35rem 0 0; }
.remedy b { color: var(--failed); }
.known { color: var(--soft); font-size: .85rem; margin: .2rem 0 0; }
pre { margin: .5rem 0 0; padding: .7rem .9rem; background: var(--shade); border-radius: 8px; overflow-x: auto;
  font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.finding.failed pre { background: var(--card); }
.pictures { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: .6rem; }
.pictures figure { margin: 0; max-width: 22rem; }
.pictures img { width: 100%; height: auto; border: 1px solid var(--line); border-radius: 8px; display: block; }
.pictures figcaption { color: var(--soft); font-size: .8rem; }
.card { padding: .9rem 1rem; }
.card > summary { cursor: pointer; font-weight: 600; margin: -.9rem -1rem; padding: .7rem 1rem; }
.card[open] > summary { margin-bottom: .5rem; }
.note { border-left: 3px solid var(--work); padding: .1rem .8rem; margin: 0 0 .75rem; }
.waterfall { display: block; width: 100%; font-size: 12.5px; }
.waterfall text { fill: var(--ink); }
.waterfall .soft { fill: var(--soft); }
.waterfall line { stroke: var(--line); }
.waterfall .track { fill: var(--shade); }
.waterfall .ready { fill: var(--passed); } .waterfall .done { fill: var(--work); }
.waterfall .skipped { fill: var(--skip); } .waterfall .failed { fill: var(--failed); }
.waterfall .other { fill: var(--left); }
.waterfall .seg-waiting { fill: var(--wait); } .waterfall .seg-working { fill: var(--work); }
.waterfall .seg-probing { fill: var(--probe); } .waterfall .seg-ready { fill: var(--still); }
.waterfall .seg-own { fill: var(--own); } .waterfall .on-path { font-weight: 650; }
.legend .of-waiting { background: var(--wait); } .legend .of-working { background: var(--work); }
.legend .of-probing { background: var(--probe); } .legend .of-ready { background: var(--still); }
.legend .of-skipped { background: var(--skip); } .legend .of-failed { background: var(--failed); }
.legend .of-own { background: var(--own); }
.legend b { color: var(--ink); }
.verdict.other { background: var(--shade); color: var(--soft); }
.timeline, .timeline ~ .card { margin-top: 1rem; }
.path { display: flex; flex-wrap: wrap; gap: .35rem; list-style: none; margin: .6rem 0 0; padding: 0; }
.path li { padding: .1rem .6rem; border: 1px solid var(--line); border-radius: 99px; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.path li + li::before { content: "\\2192"; margin-right: .5rem; color: var(--soft); }
.own { margin: .6rem 0 0; }
.wide { overflow-x: auto; }
.reasons th, .reasons td { width: auto; padding-right: 1rem; }
.reasons th, .reasons td:nth-child(2) { white-space: nowrap; }
.reasons td:last-child { width: 100%; padding-right: 0; }
.history td, .history th { width: auto; padding-right: 1rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.history .grew { color: var(--failed); }
.history .bars { width: 40%; min-width: 8rem; padding-right: 0; vertical-align: middle; }
.bars i { display: block; height: 5px; border-radius: 2px; margin: 1px 0; min-width: 1px; }
.bars .this { background: var(--work); } .bars .usual { background: var(--skip); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; color: var(--soft); font-size: .85rem; margin: .3rem 0 0; }
.legend i { display: inline-block; width: .7rem; height: .7rem; border-radius: 3px; margin-right: .35rem; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th, td { text-align: left; padding: .25rem .5rem .25rem 0; border-top: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere; }
th { font-weight: 500; color: var(--soft); width: 38%; }
footer { max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) {
  header { padding-top: 1.2rem; }
  .finding { grid-template-columns: 1.2rem 1fr auto; padding: .55rem .8rem; }
  .evidence, .more { grid-column: 2 / -1; }
  .finding .took { grid-row: 1; grid-column: 3; }
  .pictures figure { max-width: 100%; }
  th { width: 45%; } }
@media print { .filters { display: none; } .group, .card { break-inside: avoid; } }
"""
