"""The numbered lines that children write, and the verdict on what became of them. Knows no supervisor."""

from pathlib import Path

from scripts.bench.peers.children import LINE, LINE_BYTES, PIECE


def log_data(work: Path, name: str, lines: int) -> Path:
    """A file of numbered lines, made once."""
    path = work / f"data-{name}-{lines}"
    if not path.exists():
        pad = "x" * (LINE_BYTES - 13)
        with path.open("w") as file:
            for begin in range(0, lines, 10_000):
                end = min(begin + 10_000, lines)
                file.write("".join(f"{name}:{number:08d}:{pad}\n" for number in range(begin, end)))
    return path


def judge_logs(files: list[Path], names: list[str], lines: int) -> dict[str, int]:
    """How many of the lines came through whole, and how many pieces of lines there are."""
    seen = {name.encode(): bytearray(lines) for name in names}
    last = dict.fromkeys(seen, -1)
    twice = torn = disordered = 0
    for file in filter(Path.exists, files):
        with file.open("rb") as stream:
            for line in stream:
                if not PIECE.search(line):
                    continue
                found = LINE.search(line)
                rest = line[: found.start()] + line[found.end() :] if found else b"xx"
                name, number = (found[1], int(found[2])) if found else (b"", lines)
                if b"xx" in rest or LINE.search(rest) or name not in seen or number >= lines:
                    torn += 1
                    continue
                twice += seen[name][number]
                disordered += number < last[name]
                seen[name][number], last[name] = 1, number
    whole = sum(sum(flags) for flags in seen.values())
    return {"lost": lines * len(names) - whole, "torn": torn, "twice": twice, "disordered": disordered}
