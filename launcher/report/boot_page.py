"""One boot as a page: the waterfall, the critical path, what was skipped, and the earlier boots beside it. Pure.

It is drawn from the document of `rxlaunch timeline -o json`.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from launcher.report import waterfall
from launcher.report.page import page as framed
from launcher.report.page import text

Document = Mapping[str, Any]
_VERDICTS = {"ready": ("passed", "✔ ready"), "failed": ("failed", "✘ failed")}
_WORDS = {"stopped": "stopped", "booting": "still booting"}


def page(document: Document) -> str:
    """The page."""
    kind, verdict = _VERDICTS.get(document["outcome"], ("other", _WORDS.get(document["outcome"], "ended")))
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(document["at"]))
    name = document["name"]
    header = (
        f'<header><span class="verdict {kind}">{verdict}</span><h1>{text(name)}: the boot</h1>'
        f'<p class="subject">{text(document["summary"]["outcome"])}</p>'
        f'<p class="when">{text(" · ".join((document["mode"], when, document["root"])))}</p></header>'
    )
    cards = (_waterfall(document), _grown(document), _path(document), _reasons(document), _history(document))
    return framed(f"{verdict.split(' ')[0]} {name}", f"{header}<main>{''.join(cards)}</main>")


def _waterfall(document: Document) -> str:
    rows = [row for row in document["units"] if row["begun"] is not None or row["segments"]]
    drawing = waterfall.svg(rows, text, whole=document["seconds"], own=document["own"]["gaps"] or ())
    if not drawing:
        return '<section class="card">No unit had begun.</section>'
    kinds = {segment["kind"] for row in rows for segment in row["segments"]} | {row["phase"] for row in rows}
    told = [(kind, words) for kind, words in waterfall.SEGMENTS if kind in kinds]
    if document["own"]["gaps"]:
        told.append(("own", "rxlaunch's own"))
    legend = "".join(f'<span><i class="of-{kind}"></i>{text(words)}</span>' for kind, words in told)
    critical = "<span><b>◆</b> critical path</span>" if document["path"] else ""
    return f'<section class="card timeline">{drawing}<p class="legend">{legend}{critical}</p></section>'


def _grown(document: Document) -> str:
    return "".join(f'<p class="note">grew: {text(sentence)}</p>' for sentence in document["summary"]["grew"])


def _path(document: Document) -> str:
    steps = "".join(
        f"<li><b>{text(step['unit'])}</b> {_seconds(step['to'] - step['from'])}</li>" for step in document["path"]
    )
    own = document["summary"]["own"]
    parts = [f'<h3>Critical path</h3><ol class="path">{steps}</ol>' if steps else ""]
    parts.append(f'<p class="own">rxlaunch\'s own: {text(own)}</p>' if own else "")
    inside = "".join(parts)
    return f'<section class="card">{inside}</section>' if inside else ""


def _reasons(document: Document) -> str:
    rows = "".join(
        f"<tr><th>{text(unit)}</th><td>{word}</td><td>{text(reason)}</td></tr>"
        for unit, word, reason in _told(document)
    )
    return (
        f'<section class="card"><h3>Skipped, failed, not begun</h3><table class="reasons">{rows}</table></section>'
        if rows
        else ""
    )


def _told(document: Document) -> Iterator[tuple[str, str, str]]:
    for row in document["units"]:
        if row["phase"] in ("failed", "skipped"):
            yield row["unit"], row["phase"], row["note"] or ""
        elif row["begun"] is None and row["phase"] == "waiting":
            word = "waits" if document["outcome"] == "booting" else "waited"
            yield row["unit"], "not begun", f"{word} for {', '.join(row['needs'])}"
        elif row["begun"] is None and document["outcome"] == "ready":
            yield row["unit"], "left out", "was not asked for"


def _history(document: Document) -> str:
    earlier = [each for each in document["history"] if each["p50"] is not None]
    if not earlier:
        return ""
    stages = {row["unit"]: row["stage"] for row in document["units"]}
    longest = max(max(each["p50"], each["seconds"] or 0) for each in earlier) or 1
    rows = "".join(_beside(each, stages.get(each["name"], ""), longest) for each in earlier)
    head = "<tr><th>unit</th><th>stage</th><th>this run</th><th>usual (p50)</th><th>boots</th><th></th></tr>"
    return (
        '<section class="card"><h3>Beside the earlier boots of this checkout</h3>'
        f'<div class="wide"><table class="history"><thead>{head}</thead><tbody>{rows}</tbody></table></div></section>'
    )


def _beside(each: Mapping[str, Any], stage: str, longest: float) -> str:
    this = _seconds(each["seconds"]) if each["seconds"] is not None else "–"
    bars = "".join(
        f'<i class="{kind}" style="width:{100 * (value or 0) / longest:.1f}%"></i>'
        for kind, value in (("this", each["seconds"]), ("usual", each["p50"]))
    )
    grew = ' class="grew"' if each["grew"] else ""
    return (
        f"<tr{grew}><td>{text(each['name'])}</td><td>{text(stage)}</td><td>{this}{' ▲' if grew else ''}</td>"
        f'<td>{_seconds(each["p50"])}</td><td>{each["boots"]}</td><td class="bars">{bars}</td></tr>'
    )


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s"
