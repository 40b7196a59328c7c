"""Prints a dataset card for a JSONL file of chat rows."""
import collections
import json
import sys

roles = collections.Counter()
rows = 0
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        rows += 1
        roles.update(message["role"] for message in json.loads(line)["messages"])

print("# Dataset card\n")
print(f"{rows} rows\n")
for role, count in sorted(roles.items()):
    print(f"- {role}: {count} messages")
