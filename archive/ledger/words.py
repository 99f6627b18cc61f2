"""The ledger's closed word lists: what may stand in a value, and nothing else."""

from __future__ import annotations

VERDICTS = (
    "page", "empty", "captcha", "blocked", "outage", "wrong-query", "login", "soft-404", "gone", "parked", "other-page",
    "unreadable",
)  # fmt: skip

GAPS = ("captcha", "blocked", "outage", "mismatch", "unreadable", "unreachable", "not-visited")

RESULTS = (
    "verdict", "convicted", "acquitted", "terminated", "returned-to-prosecutor", "transferred", "joined", "medical-measures",
    "other-ruling", "upheld", "changed", "reversed", "withdrawn", "appeal-terminated", "unknown",
)  # fmt: skip

EVENTS = (
    "received", "assigned", "preliminary-hearing", "hearing", "postponed", "recess", "verdict", "announced", "returned",
    "transferred", "joined", "severed", "in-force", "appealed", "appeal-result", "cassation", "act-published", "act-withdrawn",
    "number-changed", "anonymised", "archived", "withdrawn-from-site", "other",
)  # fmt: skip

# What a verdict comes to for one person (property `kind` of a sentence): `real` and `suspended` are imprisonment to be served
# and any punishment not to be served on condition; `discharge` is guilt without a punishment to be served.
SENTENCES = (
    "real", "suspended", "life", "disciplinary-unit", "service-restriction", "liberty-restriction", "compulsory-work",
    "corrective-work", "forced-labour", "fine", "arrest", "discharge", "acquittal",
)  # fmt: skip
PLEAS = ("guilty", "partly", "not-guilty")
SERVICES = ("mobilised", "contract", "conscript")

REGISTERS = (
    "criminal-1", "criminal-appeal", "criminal-cassation", "civil-1", "civil-appeal", "civil-cassation", "kas-1", "kas-appeal",
    "kas-cassation", "koap", "koap-complaint", "koap-complaint-2", "koap-cassation", "material", "other",
)  # fmt: skip

# What a claim counts: cases and people that courts received, decided, convicted ...; proceedings that investigators opened
# (`initiated`), and sent to court (`submitted`) or asked to drop (`exempted`); what the law allows at most (`penalty`); and
# of the army: men recruited, and its size. Its units, and what a rate is per.
METRICS = (
    "received", "initiated", "submitted", "decided", "pending", "verdicts", "convicted", "acquitted", "exempted",
    "suspended-sentences", "prison-sentences", "acts-published", "penalty", "recruited", "army-size",
)  # fmt: skip
UNITS = ("case", "person", "verdict", "crime", "text", "year", "percent", "times")
PER = ("working-day", "day", "week", "month", "year")
# What is meant where no article is named: refusal to serve is counted as articles 332, 337 and 338 together.
GROUPS = {"refusal": ("332", "337", "338")}
COUNTRIES = ("RU", "UA")
# What a check of a claim comes to.
CLAIM_VERDICTS = ("agrees", "disagrees", "arithmetic holds", "arithmetic fails", "not computable")

# What a page is to the ledger, in order of precedence: which one is shown where they disagree.
KINDS = ("card", "listing", "hearings", "act", "press", "article")

# Properties by the form of their subject (CONTRACT, "Subjects and properties").
PROPERTIES = {
    "registration": (
        "court", "number", "number_previous", "uid", "received", "category", "judge", "decided", "result", "in_force", "act",
        "card", "lower_court", "lower_number", "lower_judge", "lower_decided", "higher_court", "published", "modified",
    ),
    "person": ("name", "role", "article", "attempt", "complicity", "decided", "result"),
    "event": ("name", "date", "time", "place", "result", "reason", "note", "placed"),
    "hearing": ("date", "time", "place", "result"),
    "sentence": ("kind", "term", "suspended", "plea", "service", "unit", "absence_from", "absence_to"),
    "page": (
        "title", "authors", "published", "modified", "language", "canonical", "alternate", "image", "body", "outlet",
        "outlet_id",
    ),
    "claim": (
        "metric", "stated", "stated_low", "stated_high", "unit", "article", "period_from", "period_to", "as_of",
        "attributed_to", "approximate", "group", "country", "base_from", "base_to",
    ),
}  # fmt: skip


def form(subject: str) -> str:
    """Which of PROPERTIES' forms a subject has: `reg:...` and its parts, or the URL of a page and its claims."""
    if subject.startswith("reg:"):
        _base, *parts = subject.split("#")
        if not parts:
            return "registration"
        return "sentence" if parts[-1] == "sentence" else parts[-1].partition(":")[0]
    return "claim" if "#claim:" in subject else "page"


def registration(subject: str) -> str:
    """The registration a subject belongs to: `reg:criminal-1:...#person:1` -> `reg:criminal-1:...`."""
    return subject.partition("#")[0]
