#!/usr/bin/env python3
"""Counts what recorded answers hold, read by the format documents and by nothing of cloudtape, and compares it
with `cloudtape parse FAMILY FILE`. Usage: counts.py CLOUDTAPE REFERENCE DATA...; prints TAP, a line a file. DATA is a
folder of recorded answers, or this project's own fixtures."""

import collections
import csv
import decimal
import email.utils
import gzip
import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

Counter, D = collections.Counter, decimal.Decimal
decimal.getcontext().prec = 60


class Refused(Exception):
    """The documents say that this is no answer of its family."""


# ---- what the program prints ---------------------------------------------------------------------------------

def rows_of(program, family, path):
    done = subprocess.run([program, "parse", family, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    rows = [json.loads(line, parse_float=D) for line in done.stdout.decode("utf-8").splitlines()]
    return done.returncode, rows, done.stderr.decode("utf-8", "replace").strip()


def place(r):
    return r["region"] or ""


def summary(rows):
    """The same keys as the counts below."""
    of = collections.defaultdict(list)
    for r in rows:
        of[r["row"]].append(r)
    offers, tokens = of["offer"], of["token_price"]
    priced = [r for r in offers if r["price_per_hour"] is not None]
    return {
        "components": len(of["component"]),
        "states": Counter(r["state"] for r in of["component"]),
        "incidents": len(of["incident"]),
        "open": sorted(r["id"] for r in of["incident"] if r["open"]),
        "updates": len(of["update"]),
        "touched": Counter(c for r in of["incident"] for c in r["components"] or []),
        "offers": len(offers),
        "purchases": Counter(r["purchase"] for r in offers),
        "currencies": Counter(r["currency"] for r in offers),
        "gpus": sum((D(r["gpu_count"]) for r in offers if r["gpu_count"] is not None), D(0)),
        "machine_price": sum((D(r["price_per_hour"]) for r in priced), D(0)),
        "gpu_price": sum((D(r["price_per_gpu_hour"]) for r in offers
                          if r["price_per_gpu_hour"] is not None), D(0)),
        "stock": Counter(r["stock"] for r in offers),
        "bands": Counter(r["interruption"] for r in offers),
        "places": Counter(place(r) for r in offers),
        "ids": len({(r["source_id"], r["host"]) for r in tokens}),
        "kinds": Counter(r["kind"] for r in tokens if r["usd_per_mtok"] is not None),
        "token_price": sum((D(r["usd_per_mtok"]) for r in tokens if r["usd_per_mtok"] is not None), D(0)),
        "unpriced": sum(r["usd_per_mtok"] is None for r in tokens),
        "endpoints": len(of["endpoint"]),
        "articles": len(of["article"]),
    }


# ---- status pages --------------------------------------------------------------------------------------------

SCALE = {"operational": "operational", "degraded_performance": "degraded", "partial_outage": "partial_outage",
         "major_outage": "major_outage", "full_outage": "major_outage", "under_maintenance": "maintenance",
         "degraded": "degraded", "downtime": "major_outage", "maintenance": "maintenance"}
OVER = {"resolved", "postmortem", "completed"}
RANK = ["unknown", "operational", "maintenance", "degraded", "partial_outage", "major_outage"]
UPDATES_KEPT = 50


def kept(*counts):
    return sum(min(n, UPDATES_KEPT) for n in counts)


def distinct(updates):
    return len({u.get("id") or (u.get("created_at"), u.get("body")) for u in updates or []})


def statuspage_incidents_of(found):
    return {"incidents": len(found),
            "open": sorted(i["id"] for i in found if i["status"] not in OVER and not i.get("resolved_at")),
            "updates": kept(*(distinct(i["incident_updates"]) for i in found))}


def statuspage_summary(doc):
    services = [c for c in doc["components"] if not c.get("group")
                and not re.match(r"Visit .* for more information", c["name"])]
    headings = {c["id"] for c in doc["components"] if c.get("group")}
    found = doc["incidents"] + doc.get("scheduled_maintenances", [])
    touched = Counter()
    for i in found:
        touched.update({c["id"] for c in i.get("components") or []} - headings)
    return {"components": len(services), "states": Counter(SCALE.get(c["status"], "unknown") for c in services),
            "touched": touched, **statuspage_incidents_of(found)}


incidentio_compat = statuspage_summary


def statuspage_incidents(doc):
    return statuspage_incidents_of(doc["incidents"] if "incidents" in doc else [doc.get("incident", doc)])


def betterstack_index(doc):
    included = collections.defaultdict(list)
    for e in doc["included"]:
        included[e["type"]].append(e)
    monitors = included["status_page_resource"]
    reports = included["status_report"]
    return {"components": len(monitors),
            "states": Counter(SCALE.get(m["attributes"]["status"], "unknown") for m in monitors),
            "incidents": len(reports),
            "open": sorted(r["id"] for r in reports if r["attributes"]["aggregate_state"] != "resolved"),
            "updates": kept(*(len(r["relationships"]["status_updates"]["data"]) for r in reports))}


def instatus_summary(doc):
    found = doc.get("activeIncidents", []) + doc.get("activeMaintenances", [])
    return {"incidents": len(found),
            "open": sorted(i["id"] for i in found if i["status"] not in ("RESOLVED", "COMPLETED"))}


def instatus_notices(doc):
    return {"incidents": len(doc["month"]["notices"])}


def checkly_unresolved(doc):
    found = doc["incidents"]
    return {"incidents": len(found), "components": len({s["id"] for i in found for s in i["services"]}),
            "open": sorted(i["id"] for i in found if i["lastUpdateStatus"] != "RESOLVED"),
            "updates": kept(*(len(i["incidentUpdates"]) for i in found))}


def statusio_api(doc):
    result, words = doc["result"], {100: "operational", 200: "maintenance", 300: "degraded",
                                    400: "partial_outage", 500: "major_outage"}
    states = Counter()
    for c in result["status"]:
        codes = [c["status_code"]] + [p["status_code"] for p in c.get("containers", [])]
        states[max((words.get(n, "unknown") for n in codes), key=RANK.index)] += 1
    planned = result.get("maintenance", {})
    found = result["incidents"] + planned.get("active", []) + planned.get("upcoming", [])
    return {"components": len(result["status"]), "states": states, "incidents": len(found),
            "updates": kept(*(len(i["messages"]) for i in found))}


def aws_currentevents(doc):
    worst = {}
    for event in doc:
        for slug, service in event["impacted_services"].items():
            worst[slug] = max(worst.get(slug, 0), int(service["current"]))
    states = {0: "operational", 1: "degraded", 2: "degraded", 3: "major_outage"}
    return {"components": len(worst), "states": Counter(states[n] for n in worst.values()), "incidents": len(doc),
            "open": sorted(e["arn"] for e in doc if str(e["status"]) != "0" and not e.get("end_time")),
            "updates": kept(*(len(e["event_log"]) for e in doc))}


def aws_legacy_data(doc):
    opened = [e for e in doc["current"] if not e["summary"].startswith("[RESOLVED]") and str(e["status"]) != "0"]
    every = {(e["service"], str(e["date"]), e["summary"]) for e in doc["current"] + doc["archive"]}
    return {"incidents": len(every), "open": len(opened)}


def gcp_incidents(doc):
    states = {"SERVICE_INFORMATION": "degraded", "SERVICE_DISRUPTION": "partial_outage",
              "SERVICE_OUTAGE": "major_outage"}
    products, touched = {}, Counter()
    for i in doc:
        state = "operational" if i.get("end") else states[i["status_impact"]]
        touched.update({p["id"] for p in i["affected_products"]})
        for p in i["affected_products"]:
            products[p["id"]] = max(products.get(p["id"], "operational"), state, key=RANK.index)
    return {"incidents": len(doc), "open": sorted(i["id"] for i in doc if not i.get("end")),
            "components": len(products), "states": Counter(products.values()), "touched": touched,
            "updates": kept(*(len({(u["when"], u["text"]) for u in i["updates"]}) for i in doc))}


def vultr_alerts_of(alerts):
    alerts = {a["id"]: a for a in alerts}.values()
    return {"incidents": len(alerts), "open": sorted(a["id"] for a in alerts if a["status"] != "resolved"),
            "updates": kept(*(len(a["entries"]) for a in alerts))}


def vultr_status(doc):
    alerts = doc["service_alerts"] + [a for r in doc["regions"].values() for a in r["alerts"]]
    return {"components": len(doc["regions"]), **vultr_alerts_of(alerts)}


def vultr_alerts(doc):
    return vultr_alerts_of(doc["service_alerts"])


def uptimekuma_page(doc):
    return {"components": len({m["id"] for g in doc["publicGroupList"] for m in g["monitorList"]})}


def uptimekuma_heartbeat(doc):
    words = {0: "major_outage", 1: "operational", 2: "unknown", 3: "maintenance"}
    return {"components": len(doc["heartbeatList"]),
            "states": Counter(words[b[-1]["status"]] if b else "unknown" for b in doc["heartbeatList"].values())}


def items_of(body):
    root = ET.fromstring(body)
    return root.findall("channel/item")


def aws_rss(body):
    groups = collections.defaultdict(list)
    for item in items_of(body):
        groups[item.findtext("guid").strip().rpartition("_")[0]].append(item)
    return {"incidents": len(groups), "updates": kept(*(len(g) for g in groups.values()))}


def azure_rss(body):
    found = {(i.findtext("guid"), i.findtext("pubDate")) for i in items_of(body)}
    return {"incidents": len(found), "open": len(found), "updates": len(found)}


def statusio_rss(body):
    items = items_of(body)
    last = [re.findall(r"<b>(.*?)</b>", i.findtext("description"))[-1] for i in items]
    return {"incidents": len(items), "open": sum(w not in ("Resolved", "Completed") for w in last),
            "updates": kept(*(i.findtext("description").count("<small>") for i in items))}


def statuspage_atom(body):
    atom = "{http://www.w3.org/2005/Atom}"
    entries = ET.fromstring(body).findall(atom + "entry")
    first = [re.search(r"<strong>(.*?)</strong>", e.findtext(atom + "content")) for e in entries]
    return {"incidents": len(entries),
            "open": sum(not m or m[1] not in ("Resolved", "Completed", "Postmortem") for m in first),
            "updates": kept(*(e.findtext(atom + "content").count("<strong>") for e in entries))}


# ---- prices --------------------------------------------------------------------------------------------------

TYPES = {}  # (cloud, instance in lower case): row of the table


def load_types(folder):
    with open(os.path.join(folder, "instance_types.tsv"), encoding="utf-8") as f:
        lines = [line for line in f if line.strip() and not line.startswith("#")]
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        TYPES[row["cloud"], row["instance_type"].lower()] = row


def price(text):
    """What somebody can pay: a decimal above zero, else None."""
    try:
        value = D(str(text))
    except decimal.InvalidOperation:
        return None
    return value if value.is_finite() and value > 0 else None


class Offers:
    def __init__(self):
        self.rows = []

    def add(self, purchase, amount, gpus=None, currency="USD", of_one=False, region="", **more):
        amount = price(amount)
        if amount is not None:
            self.rows.append(dict(purchase=purchase, amount=amount, gpus=gpus, currency=currency,
                                  of_one=of_one, region=region, **more))

    def counts(self, *keys):
        whole = [r for r in self.rows if not r["of_one"]]
        every = {"offers": len(self.rows),
                 "purchases": Counter(r["purchase"] for r in self.rows),
                 "currencies": Counter(r["currency"] for r in self.rows),
                 "machine_price": sum((r["amount"] for r in whole), D(0)),
                 "gpus": sum((D(str(r["gpus"])) for r in self.rows if r["gpus"]), D(0)),
                 "places": Counter(r["region"] for r in self.rows)}
        if len(whole) < len(self.rows):
            every["gpu_price"] = sum((r["amount"] for r in self.rows if r["of_one"]), D(0))
        for k in keys:
            every[k] = Counter(r[k] for r in self.rows)
        return every


def azure_retail(doc):
    if not isinstance(doc, dict) or "Items" not in doc:
        raise Refused("Items")
    o, years = Offers(), {"1 Year": 1, "3 Years": 3}
    for i in doc["Items"]:
        size, product = i["armSkuName"], i["productName"]
        both = i.get("meterName", "") + " " + i.get("skuName", "")
        if not size or "Windows" in product or product.endswith(" Win") or "Low Priority" in both \
                or "Dedicated Host" in product or i["type"] == "DevTestConsumption" \
                or i["unitOfMeasure"] != "1 Hour" or not i.get("isPrimaryMeterRegion", True) \
                or not re.match(r"Standard_N[CDVG]", size, re.I):
            continue
        known = TYPES.get(("azure", size.lower()))
        at = dict(gpus=known and known["accelerator_count"], currency=i["currencyCode"],
                  region=i["armRegionName"])
        if i["type"] == "Reservation":
            n = years.get(i["reservationTerm"])
            if n:
                o.add("reserved_%dy" % n, round(D(str(i["retailPrice"])) / (8760 * n), 9), **at)
            continue
        spot = "Spot" in both
        o.add("spot" if spot else "od", i["retailPrice"], **at)
        for plan in [] if spot else i.get("savingsPlan") or []:
            o.add("savings_%dy" % years[plan["term"]], plan["retailPrice"], **at)
    return o.counts()


OLD_REGIONS = {"us-east": "us-east-1", "us-west": "us-west-1", "eu-ireland": "eu-west-1",
               "apac-sin": "ap-southeast-1", "apac-syd": "ap-southeast-2", "apac-tokyo": "ap-northeast-1"}


def aws_region(name):
    return None if re.match(r"us-gov|cn-|us-iso", name) else OLD_REGIONS.get(name, name)


def aws_spot_feed(doc):
    o = Offers()
    for r in doc["config"]["regions"]:
        region = aws_region(r["region"])
        for t in r["instanceTypes"] if region else []:
            for s in t["sizes"]:
                known = TYPES.get(("aws", s["size"]))
                for c in s["valueColumns"] if known else []:
                    if c["name"] == "linux":
                        o.add("spot", c["prices"]["USD"], gpus=known["accelerator_count"], region=region)
    return o.counts()


def aws_spot_advisor(doc):
    bands = {r["index"]: r["label"] for r in doc["ranges"]}
    found = [(region, name, bands[e["r"]]) for region, systems in doc["spot_advisor"].items()
             for name, e in systems.get("Linux", {}).items()
             if ("aws", name.lower()) in TYPES and aws_region(region)]
    return {"offers": len(found), "bands": Counter(f[2] for f in found), "machine_price": D(0),
            "gpu_price": D(0), "places": Counter(aws_region(f[0]) for f in found),
            "purchases": Counter({"spot": len(found)})}


def gcp_skus(doc):
    if isinstance(doc, dict) and "skus" not in doc:
        raise Refused("skus")
    o = Offers()
    for sku in doc if isinstance(doc, list) else doc["skus"]:
        text, category = sku["description"], sku.get("category", {})
        if re.search(r"Commitment|Reserved|DWS|Licensing Fee|vGPU|Sole Tenancy", text, re.I) \
                or category.get("resourceGroup", "GPU") != "GPU" or "GPU" not in text:
            continue
        expression = sku["pricingInfo"][0]["pricingExpression"]
        if expression["usageUnit"] != "h":
            continue
        usage = category.get("usageType") or ("Preemptible" if "Preemptible" in text else "OnDemand")
        rate = expression["tieredRates"][-1]["unitPrice"]
        amount = D(rate.get("units", "0") or "0") + D(rate.get("nanos", 0)) / 10**9
        for region in sku.get("serviceRegions") or [""]:
            o.add({"OnDemand": "od", "Preemptible": "spot"}[usage], amount, gpus=1,
                  currency=rate.get("currencyCode"), of_one=True, region=region)
    counts = o.counts()
    if isinstance(doc, list):  # archives keep the place in the description only
        del counts["places"], counts["currencies"]
    return counts


def oci_products(doc):
    o = Offers()
    for i in doc["items"]:
        for place_ in i["currencyCodeLocalizations"] if i["metricName"].lower() == "gpu per hour" else []:
            for p in place_["prices"]:
                if p["model"] == "PAY_AS_YOU_GO":
                    o.add("od", p["value"], gpus=1, currency=place_["currencyCode"], of_one=True)
    return o.counts()


def vast_bundles(doc):
    offers = doc["offers"] if "offers" in doc else [x for v in doc["offers_by_model"].values() for x in v]
    o = Offers()
    for x in offers:
        amount = x.get("dph_total")
        o.add("spot" if x.get("is_bid") else "od", x.get("dph_base") if amount is None else amount,
              gpus=x["num_gpus"], region=x.get("geolocation") or "")
    return o.counts()


def runpod_gputypes(doc):
    types = [t for t in (doc if isinstance(doc, list) else doc["data"]["gpuTypes"]) if t["id"] != "unknown"]
    o, lowest = Offers(), [(t, t["lowestPrice"]) for t in types if t.get("lowestPrice")]
    times = {round(price(low["uninterruptablePrice"]) / price(t[kind]))
             for t, low in lowest if price(low.get("uninterruptablePrice"))
             for kind in [next((k for k in ("communityPrice", "securePrice") if price(t.get(k)) and
                                t.get(k.replace("Price", "Cloud")) is not False and
                                abs(price(low["uninterruptablePrice"]) / price(t[k]) % 1 - D("0.5")) > D("0.499")),
                               None)] if kind}
    for t, low in lowest if len(times) == 1 and times != {1} else []:
        o.add("od", low.get("uninterruptablePrice"), gpus=max(times))
        o.add("spot", low.get("minimumBidPrice"), gpus=max(times))
    for t in types:
        for kind in ("secure", "community"):
            if t.get(kind + "Cloud") is not False:
                o.add("od", t.get(kind + "Price"), gpus=1, region=kind)
                o.add("spot", t.get(kind + "SpotPrice"), gpus=1, region=kind)
    counts = o.counts()
    del counts["places"]
    return counts


def verda_types(doc):
    if isinstance(doc, list) and any("price_per_hour" not in t for t in doc):
        raise Refused("price_per_hour")
    o = Offers()
    for t in doc if isinstance(doc, list) else [doc]:
        if t["gpu"]["number_of_gpus"]:
            at = dict(gpus=t["gpu"]["number_of_gpus"], currency=(t.get("currency") or "usd").upper())
            o.add("od", t["price_per_hour"], **at)
            o.add("spot", t.get("spot_price"), **at)
    return o.counts()


def scaleway_servers(doc):
    o = Offers()
    for t in doc["servers"].values():
        if t.get("gpu"):
            o.add("od", t["hourly_price"], gpus=t["gpu"], currency="EUR")
    counts = o.counts()
    del counts["places"]  # the zone is in the address
    return counts


def vultr_plans(doc):
    o = Offers()
    for p in doc.get("plans") or doc["plans_metal"]:
        for region in p["locations"] or [""] if "gpu_type" in p or p["id"].endswith("-gpu") else []:
            o.add("od", p["hourly_cost"], region=region)
            o.add("spot", p.get("hourly_cost_preemptible"), region=region)
    counts = o.counts()
    del counts["gpus"]
    return counts


def digitalocean_sizes(doc):
    o = Offers()
    for s in doc["sizes"]:
        for region in s["regions"] or [""] if s.get("gpu_info") else []:
            o.add("od", s["price_hourly"], gpus=s["gpu_info"]["count"], region=region)
    return o.counts()


def skypilot_csv(body):
    o = Offers()
    for r in csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")):
        r = {**r, "AcceleratorName": r.get("AcceleratorName") or r.get("GpuName"),
             "AcceleratorCount": r.get("AcceleratorCount") or r.get("GpuCount")}
        if r["AcceleratorName"]:
            at = dict(region=r["Region"], gpus=r["AcceleratorCount"])
            o.add("od", r.get("Price") or r.get("PricePerHour"), **at)
            o.add("spot", r.get("SpotPrice"), **at)
    return o.counts()


# ---- models --------------------------------------------------------------------------------------------------

class Tokens:
    def __init__(self):
        self.ids, self.kinds, self.sum, self.unpriced = set(), Counter(), D(0), 0

    def add(self, kind, amount, scale):
        try:
            value = D(str(amount))
        except decimal.InvalidOperation:
            return False
        if not value.is_finite() or value < 0:
            return False
        self.kinds[kind] += 1
        self.sum += round(value * scale, 9)
        return True

    def listed(self, id, any_price):
        self.ids.add(id)
        self.unpriced += not any_price

    def counts(self):
        return {"ids": len(self.ids), "kinds": self.kinds, "token_price": self.sum, "unpriced": self.unpriced}


LITELLM = [("input_cost_per_token", "input"), ("output_cost_per_token", "output"),
           ("cache_read_input_token_cost", "cache_read"), ("cache_creation_input_token_cost", "cache_write"),
           ("output_cost_per_reasoning_token", "reasoning"), ("input_cost_per_audio_token", "audio_input"),
           ("output_cost_per_audio_token", "audio_output")]
LITELLM_TIER = r"(_above_\d+k?_tokens|_above_\d+hr|_batches|_flex|_priority)*$"


def litellm(doc):
    if not isinstance(doc, dict):
        raise Refused("litellm_provider")
    t = Tokens()
    for id, row in doc.items():
        if id in ("sample_spec", "fallback_generalizations", "last_updated") or not isinstance(row, dict) \
                or row.get("mode") not in ("chat", "responses", "completion"):
            continue
        found = 0
        for key, value in row.items():
            for name, kind in LITELLM:
                if isinstance(value, (int, float, str, D)) and not isinstance(value, bool) \
                        and key.startswith(name) and re.match(LITELLM_TIER, key[len(name):]):
                    found += t.add(kind, value, 10**6)
        t.listed((id, row.get("litellm_provider")), found)
    return t.counts()


OPENROUTER = {"prompt": "input", "completion": "output", "input_cache_read": "cache_read",
              "input_cache_write": "cache_write", "internal_reasoning": "reasoning"}


def openrouter_models(doc):
    rows = doc.get("data") if isinstance(doc, dict) else doc
    if not isinstance(rows, list) or not all(isinstance(r, dict) and "pricing" in r for r in rows):
        raise Refused("pricing")
    prompts = sum(D(str(r["pricing"]["prompt"])) >= 0 for r in rows if r["pricing"].get("prompt") is not None)
    return {"prompts": prompts, "prompt_price": sum(
        (round(D(str(r["pricing"]["prompt"])) * 10**6, 9) for r in rows
         if r["pricing"].get("prompt") is not None and D(str(r["pricing"]["prompt"])) >= 0), D(0))}


def openrouter_endpoints(doc):
    return {"endpoints": len(doc["data"]["endpoints"])}


def modelsdev(doc):
    if not all(isinstance(p, dict) and "models" in p for p in doc.values()):
        raise Refused("provider")
    t, fields = Tokens(), {"input": "input", "output": "output", "cache_read": "cache_read",
                           "cache_write": "cache_write", "reasoning": "reasoning",
                           "input_audio": "audio_input", "output_audio": "audio_output"}
    for provider in doc.values():
        for id, m in provider["models"].items():
            if "text" not in m.get("modalities", {}).get("output", ["text"]):
                continue
            found, cost = 0, m.get("cost") or {}
            tiers = [cost] + [v for k, v in cost.items() if k.startswith("context_over_")]
            for prices in tiers:
                for key, kind in fields.items():
                    if prices.get(key) is not None:
                        found += t.add(kind, prices[key], 1)
            t.listed((id, provider["id"]), found)
    counts = t.counts()
    del counts["ids"]  # providers share ids, and cloudtape calls some of them by one host
    return counts


def llmprices(doc):
    t = Tokens()
    fields = {"input": "input", "output": "output", "input_cached": "cache_read"}
    for m in doc["models"] if "models" in doc else doc["prices"]:
        found = 0
        for p in m.get("price_history", [m]):
            for key, kind in fields.items():
                if p.get(key) is not None:
                    found += t.add(kind, p[key], 1)
        t.listed(m["id"], found)
    counts = t.counts()
    del counts["ids"]
    return counts


def portkey(doc):
    t = Tokens()
    fields = {"request_token": "input", "response_token": "output", "cache_read_input_token": "cache_read",
              "cache_write_input_token": "cache_write"}
    for id, m in doc.items():
        pay = (m.get("pricing_config") or {}).get("pay_as_you_go") if isinstance(m, dict) else None
        if id == "default" or not pay:
            continue
        for key, kind in fields.items():
            if pay.get(key, {}).get("price") is not None:
                t.add(kind, pay[key]["price"], 10**4)
    return {"inputs_at_least": t.kinds["input"] and 1}


# ---- news ----------------------------------------------------------------------------------------------------

def feed(body):
    """Items that say anything, by a reader that knows no encodings: damaged files are left to the program."""
    root = ET.fromstring(body.strip())
    tags = [e for e in root.iter() if isinstance(e.tag, str) and e.tag.rpartition("}")[2] in ("item", "entry")]
    found = []
    for e in tags:
        parts = {c.tag.rpartition("}")[2]: (c.text or "").strip() or c.get("href", "") or "".join(c.itertext())
                 for c in e}
        if any(parts.get(k) for k in ("title", "link", "description", "summary", "content", "encoded")):
            key = parts.get("guid") or parts.get("id") or parts.get("link") or (parts.get("title"),
                                                                              parts.get("pubDate"))
            found.append(key)
    return {"articles": len(set(found))}


# ---- files ---------------------------------------------------------------------------------------------------

XML = {aws_rss, azure_rss, statusio_rss, statuspage_atom, feed}
PRICES = [("azure_retail_page", azure_retail), ("azure_", azure_retail), ("aws_spot_advisor", aws_spot_advisor),
          ("aws_spot_price_feed", aws_spot_feed), ("gcp_billing", gcp_skus), ("oci_products", oci_products),
          ("runpod_", runpod_gputypes), ("vast_", vast_bundles), ("vultr_", vultr_plans),
          ("digitalocean_", digitalocean_sizes), ("verda_", verda_types), ("scaleway_", scaleway_servers),
          ("skypilot_", skypilot_csv)]


def plan(data):
    """(family, file, how to count it) of every file that some family is for."""
    for name in sorted(os.listdir(os.path.join(data, "status"))):
        word = name.split("--")[0]
        word = "statuspage-incidents" if word == "statuspage-incident" else word
        if "--" in name:
            yield word, "status/" + name, globals()[word.replace("-", "_")]
    for folder in ("prices", "prices/history"):
        for name in sorted(os.listdir(os.path.join(data, folder))):
            for prefix, count in PRICES:
                if name.startswith(prefix) and "specs" not in name:
                    yield count.__name__.replace("_", "-"), folder + "/" + name, count
                    break
    for family, count, folders in (
            ("litellm", litellm, ("litellm", "litellm-broken", "litellm-dupkeys", "litellm-filtered")),
            ("modelsdev", modelsdev, ("modelsdev",)), ("portkey", portkey, ("portkey/pricing",)),
            ("llmprices", llmprices, ("llmprices/2025-12-17", "llmprices/2026-08-05")),
            ("openrouter-models", openrouter_models, ("openrouter",))):
        for folder in folders:
            for name in sorted(os.listdir(os.path.join(data, "models", folder))):
                if folder != "openrouter" or name.startswith("models"):
                    yield family, "models/%s/%s" % (folder, name), count
    yield "openrouter-endpoints", "models/openrouter/endpoints-openai-gpt-4o-2026-09.json", openrouter_endpoints
    for name in sorted(os.listdir(os.path.join(data, "news"))):
        if name.rpartition(".")[2] in ("xml", "rss", "atom"):
            yield "feed", "news/" + name, feed


# Fixtures made of oddities: counting them again would be writing the parser again.
ODD = {"aws-spot-advisor", "azure-retail", "betterstack-index", "checkly-unresolved", "gcp-incidents", "gcp-skus",
       "llmprices", "modelsdev", "openrouter-endpoints", "openrouter-models", "statusio-api",
       "uptimekuma-heartbeat"}


def own_plan(data):
    """The same of this project's own fixtures, those that are whole."""
    for family in sorted(os.listdir(data)):
        count = globals().get(family.replace("-", "_"))
        for name in sorted(os.listdir(os.path.join(data, family))) if count else []:
            if name.startswith("quiet") or (name.startswith("good") and family not in ODD):
                yield family, family + "/" + name, count


def read(path):
    with open(path, "rb") as f:
        body = f.read()
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def document(body):
    if body[:2] in (b"\xfe\xff", b"\xff\xfe"):
        text = body.decode("utf-16")
    else:
        text = body.decode("utf-8-sig")
    return json.loads(text, parse_float=D)


def expected(body, count):
    """The counts; Refused for what is no answer of the family."""
    if count is skypilot_csv or count in XML:
        try:
            return count(body)
        except ET.ParseError as e:
            raise Refused(str(e)) from None
    try:
        doc = document(body)
    except json.JSONDecodeError as e:
        raise Refused(str(e)) from None
    return count(doc)


def differences(want, got, rows):
    for key, value in want.items():
        if key == "prompts" or key == "prompt_price":
            found = [D(r["usd_per_mtok"]) for r in rows if r["row"] == "token_price" and r["kind"] == "input"
                     and r["tier"] in ("standard", "batch") and r["usd_per_mtok"] is not None]
            seen = len(found) if key == "prompts" else sum(found, D(0))
        elif key == "inputs_at_least":
            seen = got["kinds"]["input"] and 1
        else:
            seen = got[key]
        if key == "open" and isinstance(value, int):
            seen = len(seen)
        if key in ("machine_price", "gpu_price", "token_price") and abs(seen - value) < D("0.000001"):
            continue
        if seen != value:
            if isinstance(value, Counter):
                value, seen = dict(value - seen), dict(seen - value)
            yield "%s: counted %.300s, the program says %.300s" % (key, value, seen)


def check(program, family, path, count):
    """What is wrong about one file."""
    code, rows, words = rows_of(program, family, path)
    try:
        want = expected(read(path), count)
    except Refused as e:
        if (code == 1 and not rows and words.startswith("cloudtape: ")) or (count is feed and code == 0):
            return []  # a feed that this reader cannot read the program may mend
        return ["to be refused (%s), the program says %d rows, code %d" % (e, len(rows), code)]
    return list(differences(want, summary(rows), rows)) if code == 0 else [words]


def main():
    program, reference = sys.argv[1:3]
    load_types(reference)
    n = bad = 0
    for data in sys.argv[3:]:
        is_recorded = os.path.exists(os.path.join(data, "status"))
        for family, file, count in (plan if is_recorded else own_plan)(data):
            wrong = check(program, family, os.path.join(data, file), count)
            n += 1
            bad += bool(wrong)
            print("%s %d - %s of %s" % ("not ok" if wrong else "ok", n, file, family))
            for line in wrong:
                print("# " + line)
    print("1..%d" % n)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
