"""Reads a page of figures with Prometheus' own Python client: the families and how many samples each has, as JSON."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = text_string_to_metric_families(sys.stdin.read())
print(json.dumps([[family.name, len(family.samples)] for family in families]))
