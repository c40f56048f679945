// What every page looks like. Light and dark by the reader's setting, one column on a telephone, black on white in
// print.
#include "suites/report/html.hpp"

namespace squall::report {

std::string_view page_style() {
    return R"css(
:root{--bg:#fff;--panel:#f6f7f9;--fg:#1b1f24;--dim:#57606a;--edge:#d5dae0;--link:#0a58a8;--grid:#e3e6ea;
--good:#0b6b3a;--good-bg:#dff3e7;--bad:#a1001c;--bad-bg:#fde4e6;--unsure:#7a5200;--unsure-bg:#fdf0cf;
--plain:#4b5560;--plain-bg:#e9ecef;--fault:#e69f00;--mark:#b00020;
--l0:#0072b2;--l1:#d55e00;--l2:#00845f;--l3:#b45a8f;--l4:#a86f00;--l5:#3b93c4;--l6:#6b6b6b;--l7:#7a6a00}
@media (prefers-color-scheme:dark){:root{--bg:#12161b;--panel:#1a2027;--fg:#e4e8ec;--dim:#a3adb8;--edge:#333c46;
--link:#7db8f0;--grid:#2a323b;--good:#7ddba4;--good-bg:#12351f;--bad:#ff9aa5;--bad-bg:#48121b;--unsure:#f2c662;
--unsure-bg:#3b2d0b;--plain:#b4bec8;--plain-bg:#2a323b;--mark:#ff5c6f;
--l0:#5cb3ec;--l1:#ff8a3d;--l2:#3fd0a4;--l3:#e69cc6;--l4:#f0b429;--l5:#8fd0f5;--l6:#a9b2bb;--l7:#d6c84f}}
*{box-sizing:border-box}
html{scroll-padding-top:3.5rem}
body{margin:0 auto;max-width:72rem;padding:1rem 1.25rem 4rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:anywhere}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
main:focus,section:focus{outline:none}
.skip{position:absolute;left:-999px;top:0;background:var(--bg);padding:.5rem 1rem;z-index:9}
.skip:focus{left:0}
h1{font-size:1.55rem;line-height:1.25;margin:.4rem 0 .2rem}
h2{font-size:1.15rem;margin:2.2rem 0 .7rem;padding-bottom:.25rem;border-bottom:1px solid var(--edge)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
p{margin:.4rem 0;max-width:52rem}
small{font-size:.85em;color:var(--dim)}
code,pre,kbd{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
pre{background:var(--panel);border:1px solid var(--edge);border-radius:6px;padding:.7rem .9rem;overflow-x:auto;
white-space:pre;overflow-wrap:normal}
pre.wrap{white-space:pre-wrap;overflow-wrap:anywhere}
header .brand{color:var(--dim);font-size:.85rem;letter-spacing:.04em}
.verdict{border-left:6px solid;border-radius:6px;padding:.7rem 1rem;margin:.9rem 0}
.verdict strong{font-size:1.3rem;text-transform:uppercase;letter-spacing:.03em}
.verdict p{margin:.15rem 0;color:var(--fg)}
.good{color:var(--good);background:var(--good-bg)}.bad{color:var(--bad);background:var(--bad-bg)}
.unsure{color:var(--unsure);background:var(--unsure-bg)}.plain{color:var(--plain);background:var(--plain-bg)}
.pill{display:inline-block;padding:.05rem .5rem;border-radius:1rem;font-weight:600;font-size:.85rem;white-space:nowrap}
nav{position:sticky;top:0;background:var(--bg);border-bottom:1px solid var(--edge);z-index:5;margin:0 -1.25rem;
padding:0 1.25rem}
nav ul{display:flex;gap:.2rem 1.1rem;margin:0;padding:.5rem 0;list-style:none;overflow-x:auto;white-space:nowrap}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--edge)}
td,th{overflow-wrap:break-word}
thead th{color:var(--dim);font-weight:600;font-size:.82rem;white-space:nowrap;vertical-align:bottom}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap;overflow-wrap:normal}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.2rem;margin:.5rem 0}
dt{color:var(--dim)}dd{margin:0;min-width:0}
ol.findings{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}
.finding{border:1px solid var(--edge);border-left:5px solid var(--plain);border-radius:6px;padding:.55rem .9rem .6rem}
.finding.f-good{border-left-color:var(--good)}.finding.f-bad{border-left-color:var(--bad)}
.finding.f-unsure{border-left-color:var(--unsure)}
.finding h3{margin:0;font-size:1rem;display:flex;gap:.6rem;align-items:baseline}
.finding h3 .no{white-space:nowrap;color:var(--dim);font-weight:400;font-variant-numeric:tabular-nums}
.finding p{margin:.25rem 0;max-width:none}.finding p.detail{color:var(--dim)}
ol.rest{margin-top:.6rem;display:block;columns:2 28rem;column-gap:.6rem}
ol.rest .finding{break-inside:avoid;margin-bottom:.6rem}
.facts{display:flex;flex-wrap:wrap;gap:.15rem 1.6rem;margin:.3rem 0 0}
.facts div{display:flex;gap:.4rem;align-items:baseline}
.facts dt{font-size:.82rem;white-space:nowrap}.facts dd{font-variant-numeric:tabular-nums;font-weight:600}
dl.facts dd.quiet{font-weight:400}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.2rem 2rem}
figure{margin:0 0 .6rem;min-width:0;position:relative}
figcaption{line-height:1.6}
.key{white-space:nowrap;display:inline-block;margin-right:.9rem;font-size:.88rem}
.chart{padding:.2rem 1.1rem 0 3.6rem}
.chart text{fill:var(--dim)}.chart text.name{fill:var(--fg)}
.chart .mark text{fill:var(--bg)}.chart text.limit-name{fill:var(--mark)}
.chart .mark line{stroke:var(--mark)}.chart .mark path{fill:var(--mark)}
.chart .limit{stroke:var(--mark)}.chart .grid{stroke:var(--grid)}.chart .phase{stroke:var(--dim)}
.chart .phase-bar{fill:var(--edge);fill-opacity:1;stroke:none}
.l0{stroke:var(--l0)}.l1{stroke:var(--l1)}.l2{stroke:var(--l2)}.l3{stroke:var(--l3)}
.l4{stroke:var(--l4)}.l5{stroke:var(--l5)}.l6{stroke:var(--l6)}.l7{stroke:var(--l7)}
details{margin:.3rem 0}summary{cursor:pointer;color:var(--dim);font-size:.88rem}
.plot details .scroll{max-height:18rem;overflow:auto}
.reading{position:absolute;z-index:4;pointer-events:none;background:var(--panel);border:1px solid var(--edge);
border-radius:6px;padding:.35rem .6rem;font-size:.82rem;font-variant-numeric:tabular-nums;line-height:1.45;
box-shadow:0 2px 8px rgba(0,0,0,.18);max-width:16rem}
.hair{stroke:var(--fg);stroke-width:1;stroke-dasharray:2 2}
.pick{fill:var(--link);fill-opacity:.18}
.tools{font-size:.85rem;color:var(--dim);margin:.2rem 0 .8rem}
button{font:inherit;color:var(--link);background:none;border:1px solid var(--edge);
border-radius:6px;padding:.1rem .6rem}
.matrix{width:auto}.matrix td,.matrix th{padding:.3rem .45rem}
.matrix td .pill{font-size:.78rem}
.matrix thead th{white-space:normal}.matrix tbody th{min-width:9rem}
.matrix .group th{padding-top:1rem;color:var(--fg);font-size:.92rem;border-bottom:2px solid var(--edge)}
.matrix a{text-decoration:none}.matrix a:hover .pill,.matrix a:focus .pill{text-decoration:underline}
@media (max-width:40rem){body{padding:.7rem .8rem 3rem;font-size:14.5px}nav{margin:0 -.8rem;padding:0 .8rem}
h1{font-size:1.3rem}dl:not(.facts){grid-template-columns:1fr;gap:0}dl:not(.facts) dd{margin-bottom:.5rem}
.chart{padding-left:3.2rem;padding-right:.9rem}}
@media print{:root{--bg:#fff;--panel:#f6f7f9;--fg:#000;--dim:#444;--edge:#bbb;--link:#000;--grid:#ddd;
--good:#0b6b3a;--good-bg:#dff3e7;--bad:#a1001c;--bad-bg:#fde4e6;--unsure:#7a5200;--unsure-bg:#fdf0cf;
--plain:#4b5560;--plain-bg:#e9ecef;--mark:#b00020;
--l0:#0072b2;--l1:#d55e00;--l2:#00845f;--l3:#b45a8f;--l4:#a86f00;--l5:#3b93c4;--l6:#6b6b6b;--l7:#7a6a00}
body{max-width:none;padding:0;font-size:10.5pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
nav,.skip,.tools,.plot details,.reading{display:none}.plots{grid-template-columns:1fr 1fr;gap:.6rem 1.2rem}
ol.rest{columns:2 18rem}
figure,.finding,tr,.verdict{break-inside:avoid}h2,h3{break-after:avoid}
pre{white-space:pre-wrap;overflow-wrap:anywhere}.scroll{overflow:visible}}
)css";
}

}  // namespace squall::report
