#!/usr/bin/env python3
"""Counts the market a second time. Reads the dated lists of models themselves (never a database), says by the rules of
the format documents which lab's model is on which cloud and which prices moved, and holds that against what cloudtape
says after importing the same files in order. Usage: market.py CLOUDTAPE REFERENCE LISTS...; prints TAP. LISTS is a
folder of lists with their dates in their names."""

import collections
import csv
import decimal
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

D = decimal.Decimal
decimal.getcontext().prec = 60
CLOUDS = ["aws", "azure", "gcp", "oracle", "ibm", "alibaba", "tencent", "volcengine"]
NOT_MODELS = {"sample_spec", "fallback_generalizations", "last_updated"}
PSEUDO = {"container", "model-router"}
LEFT = 10  # differences shown of each kind


# ---- tables --------------------------------------------------------------------------------------------------

def table(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        lines = [line for line in f if line.strip() and not line.startswith("#")]
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]


class Tables:
    def __init__(self, folder):
        self.hosts = {row[0]: row[1] for row in table(folder, "model_hosts.tsv")}
        self.orgs = {row[0]: row[1] for row in table(folder, "model_lab_orgs.tsv")}
        self.prefixes = sorted(((row[0], row[1]) for row in table(folder, "model_lab_prefixes.tsv")),
                               key=lambda p: -len(p[0]))


# ---- identity: section 8.2, in its order ---------------------------------------------------------------------

PLUMBING = set("bedrock bedrock_mantle bedrock_converse converse invoke vertex_ai azure azure_ai accounts fireworks "
               "models fireworks_ai openrouter vercel_ai_gateway together_ai deepinfra novita text-completion-openai "
               "workers-ai @cf hf amazon-nova fast turbo".split())
AZURE_PLACES = set("us eu global global-standard regional datazone data-zone standard".split())
GEOS = set("us eu apac au jp ca us-gov global in sa me af uk regional".split())
TAILS = ("instruct it hf fp8 fp4 bf16 fp16 int4 int8 awq nvfp4 preview exp experimental beta latest fp8-dynamic "
         "dynamic 8bit 001 002 003 tee turbo-free original default").split()
GLUED = "databricks- openai- anthropic- zai- alibaba- nvidia- moonshotai- deepseek-ai- cohere-".split()
INNER = "mixtral mistral-7b gemma qwen phi ministral devstral pixtral mistral-nemo jamba granite".split()


class Name:
    def __init__(self, text):
        text = re.sub(r"[_ ]", "-", text.lower())
        self.text, self.variants = re.sub(r"-+", "-", text), set()

    def take(self, pattern, keep=""):
        """The first match becomes a variant (its groups, else itself)."""
        m = re.search(pattern, self.text)
        if m:
            self.variants.add(m.group(1) if m.groups() else m.group(0).strip("-"))
            self.text = self.text[:m.start()] + keep + self.text[m.end():]
        return bool(m)

    def tails(self, words, stays):
        """Moves tails to the variant while more than STAYS characters stay."""
        for w in sorted(words, key=len, reverse=True):
            if self.text.endswith("-" + w) and len(self.text) - len(w) - 1 > stays:
                self.variants.add(w)
                self.text = self.text[:-len(w) - 1]
                return self.tails(words, stays)

    def starts(self, words):
        return any(self.text.startswith(w) for w in words)


def drop_version(n):
    m = re.fullmatch(r"(.+)-v(\d+):(\w+)(:\w+)?", n.text) or re.fullmatch(r"(.+)-(\d+):(\d+)(:\w+)?", n.text)
    if m:
        n.text = m[1]
        if m[4]:
            n.variants.add(m[4][1:])
    elif n.starts("claude titan nova palmyra llama2 j2 command".split()):
        n.text = re.sub(r"-v\d+$", "", n.text)
    n.text = {"command-text": "command", "command-light-text": "command-light"}.get(n.text, n.text)


def drop_marks(n):
    if "@" in n.text:
        n.text, _, mark = n.text.partition("@")
        n.variants.add(mark)
    if ":" in n.text and not n.text.startswith("ft:"):
        n.text, _, mark = n.text.partition(":")
        n.variants.add(mark)
    n.text = re.sub(r"-maas$", "", n.text)


def unglue(n):
    for g in GLUED:
        if n.text.startswith(g):
            n.text = n.text[len(g):]
    n.text = re.sub(r"^(snowflake-llama|meta-textgeneration-llama|meta-llama)", "llama", n.text)
    n.text = re.sub(r"^gpt-35", "gpt-3.5", n.text)
    n.text = re.sub(r"^gpt-41", "gpt-4.1", n.text)


def spell_versions(n):
    n.text = re.sub(r"(?<=\d)p(?=\d)", ".", n.text)
    n.text = re.sub(r"^llama-v(?=\d)", "llama-", n.text)
    n.text = re.sub(r"^llama(?=\d)", "llama-", n.text)
    n.text = re.sub(r"^qwen-(?=\d)", "qwen", n.text)


DATES = (r"-(20\d\d-[01]\d-[0-3]\d)(?!\d)|-(20\d\d[01]\d[0-3]\d)(?!\d)|-(2[4-9][01]\d[0-3]\d)(?!\d)"
         r"|-([01]\d-20\d\d)(?!\d)|-([01]\d-[0-3]\d)$")


def move_date(n):
    found = re.search(DATES, n.text)
    if found:
        n.variants.add(next(g for g in found.groups() if g))
        n.text = n.text[:found.start()] + n.text[found.end():]


def join_versions(n):
    n.text = re.sub(r"(?<![\d.])(\d{1,2})-(\d)(?=-|$)", r"\1.\2", n.text)


def families(n):
    if n.text.startswith("llama"):
        n.tails("turbo lite versatile instant chat vision f b-f text".split(), 2)
        n.text = re.sub(r"-(vision|instruct)(?=-)", "", n.text)
        m = re.match(r"llama-4-(maverick|scout)", n.text)
        n.text = m[0] if m else n.text
    if n.starts(INNER):
        n.text = re.sub(r"-(instruct|it)(?=-)", "", n.text)
        n.text = re.sub(r"-v0\.\d+$", "", n.text)


def claude(n):
    n.text = re.sub(r"^claude-(\d+(?:\.\d+)?)-([a-z]+)(?=-|$)", r"claude-\2-\1", n.text)
    n.text = re.sub(r"^(claude-[a-z]+)-(\d)(\d)(?=-|$)", r"\1-\2.\3", n.text)
    m = re.match(r"(claude-[a-z]+-\d+(?:\.\d+)?)-(.+)$", n.text)
    if m:
        n.text = m[1]
        n.variants.add(m[2])


def habits(n):
    if n.text.startswith("grok"):
        n.tails(["non-reasoning", "reasoning"], 4)
        n.text = re.sub(r"^grok-4-20(?=-|$)", "grok-4.20", n.text)
        n.tails(TAILS, 2)
    if n.text == "mistral-large-3-675b":
        n.text = "mistral-large-3"
    if re.fullmatch(r"v\d+(\.\d+)?|r\d+", n.text):
        n.text = "deepseek-" + n.text
    n.text = re.sub(r"^deepseek-chat-(?=v\d)", "deepseek-", n.text)
    if n.text == "mistral-medium":
        n.text += "-3" if "2505" in n.variants else "-3.1" if "2508" in n.variants else ""
    n.tails(["copilot"], 2)


def model_name(text):
    n = Name(text)
    old = re.fullmatch(r"claude-v(\d+)(?::(\d+))?", n.text)
    if old:
        return "claude-" + old[1] + ("." + old[2] if old[2] else "")
    drop_version(n)
    drop_marks(n)
    unglue(n)
    spell_versions(n)
    move_date(n)
    join_versions(n)
    if not n.text.startswith("granite-ttm"):
        n.take(r"-(\d{4})(?=-|$)")
    n.tails(TAILS, 2)
    families(n)
    claude(n)
    habits(n)
    return n.text


def identify(tables, id, provider):
    """(lab, model, host): lab None where the tables do not know it."""
    host = tables.hosts.get("vertex_ai" if provider.startswith("vertex_ai") else provider, provider)
    segments, org = id.lower().lstrip("~").split("/"), None
    while len(segments) > 1:
        s = segments.pop(0)
        if s in ("1-month-commitment", "6-month-commitment"):
            continue
        if host == "aws" and (s == "*" or re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", s)):
            continue
        if host == "azure" and s in AZURE_PLACES:
            continue
        if s.replace("-", "_") == provider or s == provider or s in PLUMBING:
            continue
        org = s
    name = segments[0]
    if host in ("aws", "oracle"):
        parts = name.split(".")
        if len(parts) > 2 and parts[0] in GEOS and parts[1] in tables.orgs:
            parts = parts[1:]
        if len(parts) > 1 and parts[0] in tables.orgs:
            org, parts = parts[0], parts[1:]
        name = ".".join(parts)
    model = model_name(name)
    lab = tables.orgs.get(org) or next((l for p, l in tables.prefixes if model.startswith(p)), None)
    return lab, model, host


# ---- what one list says --------------------------------------------------------------------------------------

FIELDS = {"input_cost_per_token": "input", "output_cost_per_token": "output",
          "cache_read_input_token_cost": "cache_read", "cache_creation_input_token_cost": "cache_write",
          "input_cost_per_token_batches": "input.batch", "output_cost_per_token_batches": "output.batch"}


def rows_of(path):
    """{id: row} of what counts as a model; None: no list."""
    with open(path, "rb") as f:
        body = f.read()
    body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    try:
        doc = json.loads(body, parse_float=D, parse_int=D)
    except json.JSONDecodeError:
        return None
    return {id: row for id, row in doc.items() if id not in NOT_MODELS and isinstance(row, dict)
            and row.get("mode") in ("chat", "responses", "completion")}


def matrix_of(tables, rows):
    """{(lab, model): {cloud: ids}}."""
    found = collections.defaultdict(lambda: collections.defaultdict(set))
    for id, row in rows.items():
        lab, model, host = identify(tables, id, row.get("litellm_provider") or "")
        if lab and host in CLOUDS and model not in PSEUDO:
            found[lab, model][host].add(id)
    return {key: {cloud: len(ids) for cloud, ids in clouds.items()} for key, clouds in found.items()}


def labs_of(matrix):
    """{lab: (clouds, models, on one, on two or more)}."""
    labs = collections.defaultdict(lambda: [set(), 0, 0, 0])
    for (lab, _), clouds in matrix.items():
        of = labs[lab]
        of[0] |= set(clouds)
        of[1] += 1
        of[2 if len(clouds) == 1 else 3] += 1
    return {lab: (tuple(sorted(of[0])), *of[1:]) for lab, of in labs.items()}


def next_clouds(dated_matrices):
    """{(date, lab, nth): cloud} of every cloud behind a lab's first that was not there in the first list."""
    first = collections.defaultdict(dict)
    for date, matrix in dated_matrices:
        for (lab, _), clouds in matrix.items():
            for cloud in clouds:
                first[lab].setdefault(cloud, date)
    start, found = dated_matrices[0][0], {}
    for lab, clouds in first.items():
        order = sorted(clouds, key=lambda c: (clouds[c], CLOUDS.index(c)))
        found.update({(clouds[c], lab, n + 1): c for n, c in enumerate(order) if n and clouds[c] != start})
    return found


def money(value):
    """USD per million tokens, to the ninth digit; None: no price (negative, or no number)."""
    if isinstance(value, bool) or not isinstance(value, D) or value < 0:
        return None
    return round(value * 10**6, 9)


def moves_of(date, before, after):
    """{(date, id, field): (old, new, suspect)} between two neighbouring lists."""
    moves = {}
    for id in before.keys() & after.keys():
        for name, field in FIELDS.items():
            old, new = money(before[id].get(name)), money(after[id].get(name))
            if old is None or new is None or old == new:
                continue
            if old and new and abs(old - new) * 10**6 <= max(old, new):
                continue
            far = old and new and max(old, new) >= 20 * min(old, new)
            moves[date, id, field] = (old, new, bool(far or max(old, new) > 1000))
    return moves


# ---- what the program says -----------------------------------------------------------------------------------

class Program:
    def __init__(self, program, db):
        self.program, self.db = program, db

    def run(self, *words):
        done = subprocess.run([self.program, *words, "--db", self.db], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode:
            raise SystemExit("Bail out! cloudtape %s: %s" % (" ".join(words), done.stderr.decode()))
        return done.stdout.decode("utf-8")

    def refuses(self, path):
        done = subprocess.run([self.program, "parse", "litellm", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return done.returncode == 1 and not done.stdout

    def items(self, *words):
        return json.loads(self.run(*words, "--json"), parse_float=D, parse_int=D)["items"]

    def matrix(self, at):
        return {(i["lab"], i["model"]): {cloud: int(c["rows"]) for cloud, c in i["clouds"].items()}
                for i in self.items("models", "--at", at) if i["n_clouds"]}

    def labs(self, at):
        return {i["lab"]: (tuple(sorted(i["clouds"])), int(i["n_models"]), int(i["n_models_on_one_cloud"]),
                           int(i["n_models_on_two_or_more"]))
                for i in self.items("models", "--labs", "--at", at) if i["n_clouds"]}

    def next_clouds(self):
        return {(i["at"][:10], i["subject"], int(i["new"])): re.search(r": (\w+)", i["text"])[1]
                for i in self.items("events", "--limit", "1000000") if i["kind"] == "model" and i["field"] == "cloud"}

    def moves(self):
        return {(i["at"][:10], i["source_id"], i["field"]): (D(i["old"]), D(i["new"]), i["suspect"])
                for i in self.items("events", "--limit", "1000000")
                if i["kind"] == "price" and i["field"] in FIELDS.values()}


# ---- both ----------------------------------------------------------------------------------------------------

class Tap:
    def __init__(self):
        self.n = self.bad = 0

    def same(self, what, counted, said):
        """One line of TAP; where the two differ what they say, key by key."""
        wrong = sorted(k for k in counted.keys() | said.keys() if counted.get(k) != said.get(k))
        self.n += 1
        self.bad += bool(wrong)
        print("%s %d - %s (%d)" % ("not ok" if wrong else "ok", self.n, what, len(counted)))
        for k in wrong[:LEFT]:
            print("# %s: counted %s, the program says %s" % (k, counted.get(k), said.get(k)))


def dated(folder):
    """(date, path) of the lists of FOLDER, oldest first."""
    found = [(re.search(r"20\d\d-\d\d-\d\d", name), name) for name in os.listdir(folder)]
    return sorted((m[0], os.path.join(folder, name)) for m, name in found if m and name.startswith("litellm-"))


def check(tap, program, tables, folder):
    lists = [(date, path, rows_of(path)) for date, path in dated(folder)]
    for date, path, rows in lists:
        if rows is None:
            tap.same("no list of " + date, {"refused": True}, {"refused": program.refuses(path)})
    program.run("import", "litellm", *[path for _, path, rows in lists if rows is not None], "--at", "name")
    good = [(date, rows) for date, _, rows in lists if rows is not None]
    moves = {}
    for (_, before), (date, after) in zip(good, good[1:]):
        moves.update(moves_of(date, before, after))
    matrices = [(date, matrix_of(tables, rows)) for date, rows in good]
    for date, matrix in matrices:
        tap.same("the matrix of " + date, matrix, program.matrix(date))
        tap.same("the labs of " + date, labs_of(matrix), program.labs(date))
    tap.same("each further cloud of a lab", next_clouds(matrices), program.next_clouds())
    said = program.moves()
    tap.same("the moves of prices", moves, said)
    tap.same("those that are suspect", {k: v for k, v in moves.items() if v[2]},
             {k: v for k, v in said.items() if v[2]})


def main():
    tap, tables = Tap(), Tables(sys.argv[2])
    for folder in sys.argv[3:]:
        with tempfile.TemporaryDirectory() as home:
            check(tap, Program(sys.argv[1], os.path.join(home, "market.db")), tables, folder)
    print("1..%d" % tap.n)
    return 1 if tap.bad else 0


if __name__ == "__main__":
    sys.exit(main())
