"""Export and filter as a straightforward streaming Python program would do them: `json` and `sqlite3`, a row at a time.

    python3 bench/data-python.py export DB OUTPUT
    python3 bench/data-python.py filter INPUT OUTPUT

Default options only. Prints rows, seconds of work and peak memory in KiB as one line of JSON.
"""

import json
import resource
import sqlite3
import sys
import time


def load(text):
    try:
        return json.loads(text) if text is not None else None
    except ValueError:
        return None


def dump(value):
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join(f"\\u{ord(c):04x}" if 0xD800 <= ord(c) <= 0xDFFF else c for c in text).encode()


def content_of(parts):
    if not isinstance(parts, list):
        return "", False
    segments, image = [], False
    for part in parts:
        if not isinstance(part, dict):
            continue
        kind, url = part.get("type"), None
        if kind == "text":
            if isinstance(part.get("text"), str):
                segments.append({"type": "text", "text": part["text"]})
        elif kind == "image":
            uri = part.get("uri")
            if isinstance(uri, str) and uri.startswith("data:"):
                url = uri
            else:
                source = part.get("data") or part.get("source")
                if isinstance(source, dict) and isinstance(source.get("data"), str) and source["data"]:
                    mime = source.get("media_type") or part.get("mime_type") or "image/png"
                    data = source["data"]
                    url = data if data.startswith("data:") else f"data:{mime};base64,{data}"
                elif isinstance(part.get("base64_data"), str) and part["base64_data"]:
                    url = f"data:{part.get('mime_type') or 'image/png'};base64,{part['base64_data']}"
                elif isinstance(uri, str) and uri.startswith(("http://", "https://")):
                    url = uri
        elif kind == "image_url":
            image_url = part.get("image_url")
            url = image_url if isinstance(image_url, str) else (image_url or {}).get("url")
        if url:
            image = True
            segments.append({"type": "image_url", "image_url": {"url": url}})
    if not segments:
        return "", image
    if len(segments) == 1 and segments[0]["type"] == "text":
        return segments[0]["text"], image
    return segments, image


def tool_calls_of(calls):
    found = []
    for index, call in enumerate(calls if isinstance(calls, list) else []):
        if not isinstance(call, dict):
            continue
        function = call.get("function") if isinstance(call.get("function"), dict) else {}
        arguments = function.get("arguments", call.get("arguments"))
        if arguments is None and isinstance(call.get("arguments_json"), str):
            try:
                arguments = json.loads(call["arguments_json"])
            except ValueError:
                arguments = call["arguments_json"]
        if not isinstance(arguments, str):
            arguments = "{}" if arguments is None else json.dumps(arguments, ensure_ascii=False)
        found.append(
            {
                "id": call.get("id") or call.get("call_id") or f"call_{index}",
                "type": "function",
                "function": {"name": call.get("name") or function.get("name") or "tool", "arguments": arguments},
            }
        )
    return found


def reply_of(record):
    text = record.get("output_text")
    content, image, calls = "", False, []
    if isinstance(text, str) and text:
        try:
            response, parsed = json.loads(text), True
        except ValueError:
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
                    content = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
                calls = tool_calls_of(message.get("tool_calls"))
        elif response is not None or not parsed:
            trimmed = text.strip(" \t\n\r\f\v")
            if trimmed and (parsed or not (trimmed.startswith("{") and trimmed.endswith("\u2026"))):
                content = text
    return content, image, calls or tool_calls_of(record.get("output_tool_calls"))


def turn_of(value):
    return int(value) if isinstance(value, (int, float, str)) else None


def export(db_path, out_path):
    db = sqlite3.connect(f"file:{db_path}?mode=ro", uri=True)
    eligible = {s for (s,) in db.execute("SELECT DISTINCT session_id FROM events WHERE event_type = 'cais' AND model_name IS NOT NULL")}
    names = {}
    for session, kind, annotation, metadata in db.execute(
        "SELECT r.session_id, r.reward_type, r.annotation, e.metadata FROM event_rewards r JOIN events e ON e.id = r.event_id"
        " WHERE r.reward_value > 0 AND r.reward_type IN ('unique_achievement_delta', 'achievement_delta') ORDER BY r.id"
    ):
        said, note = load(metadata), load(annotation)
        if not isinstance(said, dict) or not isinstance(note, dict) or said.get("turn") is None:
            continue
        unique = kind == "unique_achievement_delta"
        listed = note.get("new_unique" if unique else "turned_true") or note.get("achievements") or []
        entry = names.setdefault((session, turn_of(said["turn"])), ([], []))
        entry[0 if unique else 1].extend(name for name in listed if isinstance(name, str))
    ids = db.execute("SELECT id FROM events WHERE event_type = 'cais' AND call_records IS NOT NULL ORDER BY session_id, id").fetchall()
    count, session, counter, counted, total = 0, None, 0, set(), 0
    with open(out_path, "wb", buffering=1 << 20) as out:
        for (event_id,) in ids:
            own, model, provider, metadata, text = db.execute(
                "SELECT session_id, model_name, provider, metadata, call_records FROM events WHERE id = ?", (event_id,)
            ).fetchone()
            if own not in eligible:
                continue
            if own != session:
                session, counter, counted, total = own, 0, set(), 0
            said = load(metadata)
            said = said.get("turn") if isinstance(said, dict) else None
            turn = counter if said is None else turn_of(said)
            counter = max(counter, turn + 1)
            records = load(text)
            new_unique, turned_true = names.get((session, turn), ([], []))
            for record in records if isinstance(records, list) else []:
                if not isinstance(record, dict):
                    continue
                messages, user_image = [], False
                for message in record.get("input_messages") or []:
                    content, image = content_of(message.get("parts"))
                    if content == "":
                        continue
                    role = message.get("role")
                    messages.append({"role": role if isinstance(role, str) else "unknown", "content": content})
                    user_image = user_image or (role == "user" and image)
                content, reply_image, calls = reply_of(record)
                if not messages or (content == "" and not calls):
                    continue
                reply = {"role": "assistant", "content": content}
                if calls:
                    reply["tool_calls"] = calls
                messages.append(reply)
                if turn not in counted:
                    counted.add(turn)
                    total += len(new_unique)
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
    return count


def filter_rows(in_path, out_path):
    kept = 0
    with open(in_path, encoding="utf-8") as rows, open(out_path, "wb", buffering=1 << 20) as out:
        for line in rows:
            row = load(line)
            if not isinstance(row, dict) or not isinstance(row.get("metadata"), dict):
                continue
            if row["metadata"].get("user_has_image"):
                out.write(dump(row) + b"\n")
                kept += 1
    return kept


start, cpu = time.perf_counter(), time.process_time()
rows = {"export": export, "filter": filter_rows}[sys.argv[1]](sys.argv[2], sys.argv[3])
seconds = time.perf_counter() - start
print(json.dumps({"rows": rows, "seconds": seconds, "cpu": time.process_time() - cpu, "peakKiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
