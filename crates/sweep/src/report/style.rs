//! The page's looks: one sheet, light and dark, and on paper.

pub(super) const STYLE: &str = "
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff; --ink: #16202c; --soft: #566375;
  --line: #d9dee6; --a: #0b7a75; --b: #b4540a; --c: #8793a3; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #10151c; --card: #18202a; --ink: #e8edf3;
  --soft: #a3b1c2; --line: #2d3947; --a: #3fc1b8; --b: #f0a35c; --c: #718096; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 17px; margin: 0 0 12px; }
p { margin: 0; } .soft { color: var(--soft); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); gap: 12px;
  margin: 24px 0; }
.tile, section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 14px 16px; } .tile b { display: block; font-size: 23px; line-height: 1.3;
  font-variant-numeric: tabular-nums; } .tile.good b { color: var(--a); }
.tile.bad b { color: var(--bad); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr));
  gap: 12px; } section { padding: 18px 20px; min-width: 0; } main > section { margin-top: 12px; }
.charts > section:last-child:nth-child(odd) { grid-column: 1 / -1; }
svg { display: block; width: 100%; max-width: 560px; height: auto; } .a { fill: var(--a); } .b { fill: var(--b); }
.c { fill: var(--c); } .axis { stroke: var(--line); stroke-width: 1; }
svg text { fill: var(--soft); font-size: 13px; } .label, .value { text-anchor: middle; }
.name { text-anchor: end; } svg .amount, svg .value { fill: var(--ink); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; }
caption { text-align: left; color: var(--soft); padding-bottom: 8px; }
th, td { text-align: left; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; } .failed { color: var(--bad); }
details > summary { cursor: pointer; font-weight: 600; font-size: 17px; }
details[open] > summary { margin-bottom: 12px; }
:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
@media print { body { background: #fff; } section, .tile { break-inside: avoid; } }
";
