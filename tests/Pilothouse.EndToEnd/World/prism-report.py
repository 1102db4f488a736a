"""Counts what prism-front.mjs logged; ends with 1 when an answer broke the contract. Requests that break it are what some tests are about."""

import collections
import json
import re
import sys

# Newer clients than the contract file send the deployment type dev_zero, and it is answered as it was sent.
NEWER = "source_config.deployment_type"
# What any call may be refused with, and the contract file describes for few or none: no key, a condition, a size, a pace.
ANYWHERE = {401, 403, 412, 413, 429}

lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
calls = sum(line.get("calls", 0) for line in lines)
bad_requests, newer, elsewhere, answers = 0, 0, 0, collections.Counter()
for line in lines:
    places = [(one["location"][0], ".".join(map(str, one["location"][1:])), one["message"]) for one in line.get("violations", [])]
    bad_requests += any(side == "request" for side, _, _ in places)
    for side, where, message in places:
        # A NUL in a path is refused by the HTTP server, before there is a request that could be answered as described.
        if side != "response" or (line["status"] == 400 and "%00" in line["path"]):
            continue
        if where.endswith(NEWER):
            newer += 1
            continue
        if line["status"] in ANYWHERE and "status code" in message:
            elsewhere += 1
            continue
        path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "{id}", line["path"].split("?")[0])
        answers[f"{line['method']} {path} {line['status']}: {where} {message}"] += 1

print(
    f"prism: {calls} calls of the contract, {bad_requests} of them bad on purpose, "
    f"{sum(answers.values())} violations in answers "
    f"(aside: {newer} remarks on the type dev_zero, {elsewhere} refusals with a status that the file does not describe)")
for text, count in answers.most_common(50):
    print(f"  {count} x {text}")
sys.exit(1 if answers or not calls else 0)
