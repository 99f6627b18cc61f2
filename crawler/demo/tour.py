"""`crawl demo`: the small world crawled twice, 25 days apart by its calendar, and what came of it beside what is true."""

from __future__ import annotations

from archive import ask, door
from archive.door import Globals, Shown
from archive.ledger.case import fold
from archive.ledger.tally import Question, tally
from crawler.demo.server import serve
from crawler.demo.world import World
from crawler.lines import Results, show_coverage
from crawler.opening import opened
from crawler.rounds import Round
from crawler.sites import source_named

FIGURES = ("received", "decided", "verdicts", "convicted", "acquitted")


async def tour(options: Globals, out: Shown) -> int:
    """Crawls, prints, compares; the exit status: 0 when every accident happened as written and the ledger says what is true."""
    world = World()
    results = Results(out, each=options.verbose)
    async with serve(world) as served:
        options.connect_to, options.ca, options.pace = list(served.connect_to), [served.ca_file], 0
        async with opened(options) as crawl:
            assert crawl.desk.clerk is not None
            for visit in (1, 2):
                world.turn(visit)
                out.text(f"Visit {visit}: {len(world.cases)} registrations at {len(world.courts)} courts, and one article")
                once = await Round.begin(crawl, source_named("sudrf"), world.query())
                async for done in once.visits():
                    results.add(done)
                async for done in crawl.urls(world.addresses()):
                    results.add(done)
                show_coverage(await once.coverage(), out)
            book = crawl.desk.clerk.book
            windows = book.coverage()
            cases, as_of = fold(book.sightings(), book.ties()), book.as_of()
            counted = tally(cases, Question(by=("month",)), windows=windows, as_of=as_of)
            changed = next(case for case in cases if any(r.subject.endswith(world.changed) for r in case.registrations))
    true = world.truth().tally(("month",))
    same = all(
        row.group["month"] in {key[0] for key in true}
        and [getattr(row, name) for name in FIGURES] == [getattr(true[str(row.group["month"]),], name) for name in FIGURES]
        for row in counted.rows
    ) and len(true) == len(counted.rows)
    missing = world.script.missing()
    ask.print_tally(out, counted, ("month",))
    if out.json:
        out.line({"kind": "archive", "home": str(options.home), "true": same, "accidents": len(world.script.happened),
                  "missing": [step.name for step in missing]})  # fmt: skip
    out.text(f"The ledger {'says what is true in the demo world' if same else 'DIFFERS from what is true in the demo world'}.")
    out.text(f"{len(world.script.happened)} accidents met; {len(missing)} of the script did not happen.")
    for step in missing:
        out.note(f"did not happen: {step.name}: {step.promise}")
    out.text(
        f"""The archive lies in {options.home}. Now try:
  crawl --home {options.home} cases
  crawl --home {options.home} tally --by month,court
  crawl --home {options.home} case {changed.numbers[0]}
  crawl --home {options.home} verify
  crawl --home {options.home} restore {world.editions()[0]} -o restored"""
    )
    results.finish()
    return door.FAILED if missing or not same else door.DONE
