"""Checks an OpenAPI document with another implementation, and the examples of a page against its schemas.

openapi.py DOCUMENT PAGE
"""

import json
import re
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource

# Which schema each example of the page has.
SCHEMAS = {
    "proposal.json": "Signed_JobProposal",
    "deal.json": "DealNotice",
    "result.json": "ResultSubmission",
    "resource offer": "Signed_OfferProposal",
    "quote request": "QuoteRequest",
    "quote": "Quote",
    "status": "JobStatus",
    "job event": "JobEvent",
    "executor events": "ExecutorEvents",
    "deal event": "ProviderEvent",
    "stop event": "ProviderEvent",
    "error": "Error",
}

document = json.load(open(sys.argv[1]))
OpenAPIV31SpecValidator(document).validate()
for name, schema in document["components"]["schemas"].items():
    Draft202012Validator.check_schema(schema)

page = open(sys.argv[2]).read()
examples = re.findall(r"<!-- example: (.*?) -->\n```json\n(.*?)```", page, re.S)
registry = Registry().with_resource("urn:document", Resource.opaque(document))


def check(name, schema, value):
    faults = list(Draft202012Validator(schema, registry=registry).iter_errors(value))
    if faults:
        sys.exit(f"{name}: {faults[0].json_path}: {faults[0].message[:500]}")


def whole(schema):
    """A schema that knows the others."""
    return {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}


for name, text in examples:
    if name not in SCHEMAS:
        sys.exit(f"no schema is known of the example {name!r}")
    check(name, whole(SCHEMAS[name]), json.loads(text))
    # A schema that lets everything pass would say nothing.
    broken = json.loads(text)
    key = next(iter(broken))
    broken[key] = [[broken[key]]]
    if Draft202012Validator(whole(SCHEMAS[name]), registry=registry).is_valid(broken):
        sys.exit(f"{name}: a wrong {key!r} is not noticed")
if {name for name, _ in examples} != set(SCHEMAS):
    sys.exit(f"examples are missing: {set(SCHEMAS) - {name for name, _ in examples}}")
print(f"{len(examples)} examples are as their schemas say")
