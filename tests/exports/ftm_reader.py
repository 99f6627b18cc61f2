"""Run by a Python that has followthemoney: what the model makes of entities and statements, as JSON on stdout."""

import json
import sys
import types
from collections import Counter, defaultdict
from pathlib import Path


class Transliterator:
    """Stands in for ICU, which is asked for transliteration alone: nothing here needs it."""

    @classmethod
    def createInstance(cls, name):
        return cls()

    def transliterate(self, text):
        return text


icu = types.ModuleType("icu")
icu.Transliterator = Transliterator
sys.modules["icu"] = icu

from followthemoney import model  # noqa: E402
from followthemoney.exc import InvalidData  # noqa: E402
from followthemoney.statement.serialize import read_csv_statements  # noqa: E402

entities = [json.loads(line) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
ids = {entity["id"] for entity in entities}
invalid, changed, astray, strangers = [], [], [], []
said = defaultdict(set)
for entity in entities:
    schema = model.get(entity["schema"])
    strangers += [name for name in entity["properties"] if name not in schema.properties]
    try:
        schema.validate(entity)
    except InvalidData as exc:
        invalid.append([entity, exc.errors])
    missing = [name for name in schema.required if not entity["properties"].get(name)]
    invalid += [[entity, missing]] if missing else []
    cleaned = model.get_proxy(entity, cleaned=False).to_dict()["properties"]
    if {name: sorted(values) for name, values in cleaned.items()} != {n: sorted(v) for n, v in entity["properties"].items()}:
        changed.append([entity["properties"], cleaned])
    for name, values in entity["properties"].items():
        if schema.properties[name].type.name == "entity":
            astray += [value for value in values if value not in ids]
        said[entity["id"]] |= {(name, value) for value in values}
stated = defaultdict(set)
with open(sys.argv[2], "rb") as file:
    for statement in read_csv_statements(file):
        key = type(statement).make_key(
            statement.dataset, statement.entity_id, statement.prop, statement.value, statement.external
        )
        if statement.id != key or not statement.origin or not statement.last_seen:
            invalid.append([statement.to_dict(), key])
        if statement.prop != "id":
            stated[statement.entity_id].add((statement.prop, statement.value))
            if model.get(statement.schema).get(statement.prop).type.name != statement.prop_type:
                invalid.append(statement.to_dict())
if stated != said:
    changed.append(["statements are not the entities"])
values = defaultdict(list)
for entity in entities:
    for name, found in entity["properties"].items():
        values[entity["schema"], name] += found
print(
    json.dumps(
        {
            "invalid": invalid,
            "changed": changed,
            "astray": astray,
            "strangers": strangers,
            "schemata": dict(sorted(Counter(entity["schema"] for entity in entities).items())),
            "case_numbers": values["CourtCase", "caseNumber"],
            "person_names": values["Person", "name"],
        },
        default=str,
    )
)
