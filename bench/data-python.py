"""Export and filter as a straightforward streaming Python program does them: `json` and `sqlite3`, a row at a time, the
whole of the specification but its options, which have their defaults.

    python3 bench/data-python.py export DB OUTPUT
    python3 bench/data-python.py filter INPUT OUTPUT

Prints rows, seconds of work and peak memory in KiB as one line of JSON.
"""

import json
import os
import re
import sqlite3
import sys
import time
from collections import Counter

BLANKS = " \t\n\r\f\v"
MOST = 2**53 - 1
LONE = re.compile("[\ud800-\udfff]")


def load(text):
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def escaped(text):
    return LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def dump(value):
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return escaped(text).encode()


def is_text(value):
    return isinstance(value, str) and value != ""


def names_in(note, *keys):
    """The names of the first of these lists that is not empty."""
    for key in keys:
        listed = note.get(key)
        if isinstance(listed, list) and listed:
            return [name for name in listed if isinstance(name, str)]
    return []


def image_url(part):
    if part.get("type") == "image_url":
        said = part.get("image_url")
        url = said.get("url") if isinstance(said, dict) else said
        return url if is_text(url) else None
    uri = part.get("uri")
    if isinstance(uri, str) and uri.startswith("data:"):
        return uri
    source = part.get("data") or part.get("source")
    mime = part.get("mime_type") if is_text(part.get("mime_type")) else "image/png"
    if isinstance(source, dict) and is_text(source.get("data")):
        if source["data"].startswith("data:"):
            return source["data"]
        return f"data:{source['media_type'] if is_text(source.get('media_type')) else mime};base64,{source['data']}"
    if is_text(part.get("base64_data")):
        return f"data:{mime};base64,{part['base64_data']}"
    if isinstance(uri, str) and uri.startswith(("http://", "https://")):
        return uri
    return None


def content_of(parts):
    if not isinstance(parts, list):
        return "", False
    segments, image = [], False
    for part in parts:
        if not isinstance(part, dict):
            continue
        kind = part.get("type")
        if kind == "text" and isinstance(part.get("text"), str):
            segments.append({"type": "text", "text": part["text"]})
        elif kind in ("image", "image_url"):
            url = image_url(part)
            if url:
                image = True
                segments.append({"type": "image_url", "image_url": {"url": url}})
    if not segments:
        return "", image
    if len(segments) == 1 and segments[0]["type"] == "text":
        return segments[0]["text"], image
    return segments, image


def json_text(value):
    return value if isinstance(value, str) else escaped(json.dumps(value, ensure_ascii=False))


def tool_calls_of(calls):
    found = []
    for index, call in enumerate(calls if isinstance(calls, list) else []):
        if not isinstance(call, dict):
            continue
        function = call.get("function") if isinstance(call.get("function"), dict) else {}
        arguments = function["arguments"] if "arguments" in function else call.get("arguments")
        if arguments is None and isinstance(call.get("arguments_json"), str):
            try:
                arguments = json.loads(call["arguments_json"])
            except (ValueError, RecursionError):
                arguments = call["arguments_json"]
        name = call.get("name") or function.get("name") or "tool"
        text = "{}" if arguments is None else json_text(arguments)
        found.append(
            {
                "id": json_text(call.get("id") or call.get("call_id") or f"call_{index}"),
                "type": "function",
                "function": {"name": json_text(name), "arguments": text},
            }
        )
    return found


def reply_of(record):
    text = record.get("output_text")
    content, image, calls = "", False, []
    if is_text(text):
        try:
            response, parsed = json.loads(text), True
        except (ValueError, RecursionError):
            response, parsed = None, False
        if isinstance(response, dict):
            choices = response.get("choices")
            choice = choices[0] if isinstance(choices, list) and choices else None
            message = choice.get("message") if isinstance(choice, dict) else None
            if isinstance(message, dict):
                said = message.get("content")
                if isinstance(said, list):
                    content, image = content_of(said)
                elif said is not None:
                    content = json_text(said)
                calls = tool_calls_of(message.get("tool_calls"))
        elif response is not None or not parsed:
            trimmed = text.strip(BLANKS)
            if trimmed and (parsed or not (trimmed.startswith("{") and trimmed.endswith("\u2026"))):
                content = text
    return content, image, calls or tool_calls_of(record.get("output_tool_calls"))


def number_in(value):
    """A turn as it is recorded; None where it is none."""
    if isinstance(value, float):
        value = int(value) if value == value and abs(value) != float("inf") else None
    elif isinstance(value, str):
        trimmed = value.strip(BLANKS)
        value = int(trimmed) if re.fullmatch(r"[+-]?[0-9]+", trimmed) else None
    elif isinstance(value, bool):
        value = int(value)
    return value if isinstance(value, int) and abs(value) <= MOST else None


def turn_in(metadata):
    """The turn, and whether the event is to be skipped for it."""
    if metadata.get("turn") is not None:
        turn = number_in(metadata["turn"])
        return turn, turn is None
    step = metadata.get("step_id")
    return (number_in(step[5:]) if isinstance(step, str) and step.startswith("turn_") else None), False


def dominant_models(db):
    best = {}
    for session, model, provider, count in db.execute(
        "SELECT session_id, model_name, provider, COUNT(*) FROM events"
        " WHERE event_type = 'cais' AND model_name IS NOT NULL GROUP BY session_id, model_name, provider"
    ):
        rank = (-count, model.encode(), (provider or "").encode())
        if session not in best or rank < best[session]:
            best[session] = rank
    return best


def reward_names(db):
    """By session and turn: the names that are new in the session, and those that turned true."""
    names = {}
    for session, kind, annotation, metadata in db.execute(
        "SELECT r.session_id, r.reward_type, r.annotation, e.metadata FROM event_rewards r JOIN events e ON e.id = r.event_id"
        " WHERE r.reward_value > 0 AND r.reward_type IN ('unique_achievement_delta', 'achievement_delta') ORDER BY r.id"
    ):
        metadata, note = load(metadata), load(annotation)
        # Unlike that of a row, it is never that of a `step_id`.
        turn = number_in(metadata.get("turn")) if isinstance(metadata, dict) else None
        if turn is None or not isinstance(note, dict):
            continue
        unique = kind == "unique_achievement_delta"
        new_unique, turned_true = names.setdefault((session, turn), ([], []))
        if unique:
            new_unique.extend(names_in(note, "new_unique", "achievements"))
        else:
            turned_true.extend(names_in(note, "turned_true", "achievements"))
    return names


def unique_names(db, names):
    unique = {}
    for (session, _), (new_unique, _) in names.items():
        unique.setdefault(session, set()).update(new_unique)
    for session, metadata in db.execute("SELECT session_id, reward_metadata FROM outcome_rewards ORDER BY id"):
        note = load(metadata)
        if isinstance(note, dict):
            unique.setdefault(session, set()).update(names_in(note, "achievements", "final_achievements"))
    return unique


def check(messages):
    if not messages:
        raise ValueError("no messages")
    for message in messages:
        content = message["content"]
        if not isinstance(message["role"], str):
            raise ValueError("a role is no text")
        if isinstance(content, list):
            if not content or any(segment["type"] not in ("text", "image_url") for segment in content):
                raise ValueError("a segment is neither text nor image")
        elif not isinstance(content, str):
            raise ValueError("content is no text")


def export(db_path, out_path):
    db = sqlite3.connect(f"file:{db_path}?mode=ro", uri=True)
    models = dominant_models(db)
    names = reward_names(db)
    unique = unique_names(db, names)
    eligible = {session for session in models if len(unique.get(session, ())) >= 0}
    # The ids alone are sorted: whole events would go through SQLite's temporary storage.
    ids = db.execute("SELECT id FROM events WHERE event_type = 'cais' AND call_records IS NOT NULL ORDER BY session_id, id").fetchall()
    count, session, counter, counted, total, skipped = 0, None, 0, set(), 0, Counter()
    temporary = out_path + ".tmp"
    with open(temporary, "wb") as out:
        for (event_id,) in ids:
            own, model, provider, metadata, text = db.execute(
                "SELECT session_id, model_name, provider, metadata, call_records FROM events WHERE id = ?", (event_id,)
            ).fetchone()
            if own not in eligible:
                continue
            if own != session:
                session, counter, counted, total = own, 0, set(), 0
            metadata = load(metadata)
            turn, skip = turn_in(metadata if isinstance(metadata, dict) else {})
            if skip:
                skipped["turn"] += 1
                continue
            if turn is None:
                turn = counter
            counter = max(counter, turn + 1)
            records = load(text)
            if not isinstance(records, list):
                skipped["records"] += 1
                continue
            new_unique, turned_true = names.get((session, turn), ([], []))
            for record in records:
                if not isinstance(record, dict):
                    skipped["record"] += 1
                    continue
                messages, user_image = [], False
                said = record.get("input_messages")
                for message in said if isinstance(said, list) else []:
                    if not isinstance(message, dict):
                        continue
                    content, image = content_of(message.get("parts"))
                    if content == "":
                        continue
                    role = message.get("role")
                    messages.append({"role": role if isinstance(role, str) else "unknown", "content": content})
                    user_image = user_image or (role == "user" and image)
                content, reply_image, calls = reply_of(record)
                if not messages or (content == "" and not calls):
                    skipped["empty"] += 1
                    continue
                reply = {"role": "assistant", "content": content}
                if calls:
                    reply["tool_calls"] = calls
                messages.append(reply)
                if turn not in counted:
                    counted.add(turn)
                    total += len(new_unique)
                check(messages)
                row = {
                    "messages": messages,
                    "metadata": {
                        "session_id": session,
                        "turn": turn,
                        "model": model,
                        "provider": provider or "unknown",
                        "achievements": {"new_unique": new_unique, "turned_true": turned_true, "cumulative_unique": total},
                        "user_has_image": user_image,
                        "assistant_has_image": reply_image,
                        "has_image": user_image or reply_image,
                    },
                }
                out.write(dump(row) + b"\n")
                count += 1
    os.replace(temporary, out_path)
    return count


def lines_of(file):
    """Lines end at LF, CRLF or a lone CR."""
    for number, line in enumerate(file):
        if number == 0:
            line = line.removeprefix(b"\xef\xbb\xbf")
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if b"\r" in line:
            yield from line.split(b"\r")
        else:
            yield line


def filter_rows(in_path, out_path):
    kept, dropped = 0, Counter()
    temporary = out_path + ".tmp"
    with open(in_path, "rb") as rows, open(temporary, "wb") as out:
        for line in lines_of(rows):
            try:
                row = json.loads(line.decode())
            except (ValueError, RecursionError):
                dropped["not JSON"] += 1
                continue
            if not isinstance(row, dict):
                dropped["not an object"] += 1
                continue
            metadata = row.get("metadata")
            if not isinstance(metadata, dict) or not metadata.get("user_has_image"):
                dropped["no user image"] += 1
                continue
            out.write(dump(row) + b"\n")
            kept += 1
    os.replace(temporary, out_path)
    return kept


start, cpu = time.perf_counter(), time.process_time()
rows = {"export": export, "filter": filter_rows}[sys.argv[1]](sys.argv[2], sys.argv[3])
seconds = time.perf_counter() - start
# Not `ru_maxrss`: that begins with what the process held that started this one.
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps({"rows": rows, "seconds": seconds, "cpu": time.process_time() - cpu, "peakKiB": peak}))
