"""A terminal written from docs/wire.md alone, in another language: Python's standard library, and Ed25519 by the
`cryptography` package or, where that is missing, by the openssl program.

    python3 wire_terminal.py vectors WIRE_MD      the worked examples of the page, recomputed
    python3 wire_terminal.py run ORIGIN CODE      activate, configure, upload, heartbeat, change the key
    python3 wire_terminal.py sell ORIGIN CODE     a day at the counter: cash, wallets, a cancel, results, the tally
"""

import base64
import gzip
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
SPKI = bytes.fromhex("302a300506032b6570032100")


def url64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unurl64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class CryptographyKey:
    def __init__(self, seed):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = self._key.public_key().public_bytes(*raw)

    def sign(self, message):
        return self._key.sign(message)

    @staticmethod
    def verify(public, message, signature):
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
            return True
        except InvalidSignature:
            return False


class OpensslKey:
    def __init__(self, seed):
        self._der = PKCS8 + seed
        spki = self._run(["pkey", "-inform", "DER", "-pubout", "-outform", "DER"], {"-in": self._der})
        self.public = spki[-32:]

    def sign(self, message):
        flags = ["pkeyutl", "-sign", "-rawin", "-keyform", "DER"]
        return self._run(flags, {"-inkey": self._der, "-in": message})

    @staticmethod
    def verify(public, message, signature):
        flags = ["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER"]
        files = {"-inkey": SPKI + public, "-in": message, "-sigfile": signature}
        try:
            OpensslKey._run(flags, files)
            return True
        except subprocess.CalledProcessError:
            return False

    @staticmethod
    def _run(flags, files):
        with tempfile.TemporaryDirectory() as folder:
            for number, (flag, content) in enumerate(files.items()):
                path = os.path.join(folder, str(number))
                with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
                    file.write(content)
                flags = [*flags, flag, path]
            return subprocess.run(["openssl", *flags], check=True, capture_output=True).stdout


def key_class():
    if os.environ.get("WIRE_CRYPTO") != "openssl":
        try:
            import cryptography  # noqa: F401

            return CryptographyKey
        except ImportError:
            pass
    return OpensslKey


Key = key_class()


# --- Section 7: the journal ------------------------------------------------------------------------------------------


def entry_preimage(epoch, entry):
    parts = ["greentill/entry/1", epoch, entry["seq"], entry["hlc"], entry["wallMs"], entry["type"], entry["body"]]
    return "\n".join(str(part) for part in parts)


def entry_hash(prev_hash, epoch, entry):
    return hashlib.sha256(bytes.fromhex(prev_hash) + entry_preimage(epoch, entry).encode()).hexdigest()


class Journal:
    def __init__(self):
        self.epoch = os.urandom(8).hex()
        self.entries = []
        self.head = "0" * 64
        self._hlc = (0, 0)

    def append(self, kind, body):
        wall_ms = time.time_ns() // 1_000_000
        ms, count = self._hlc
        self._hlc = (wall_ms, 0) if wall_ms > ms else (ms, count + 1)
        entry = {
            "seq": len(self.entries) + 1,
            "hlc": "%012x-%04x" % self._hlc,
            "wallMs": wall_ms,
            "type": kind,
            "body": json.dumps(body, ensure_ascii=False),
        }
        entry["hash"] = self.head = entry_hash(self.head, self.epoch, entry)
        self.entries.append(entry)

    def batch(self, first_seq):
        before = self.entries[first_seq - 2]["hash"] if first_seq > 1 else "0" * 64
        return {
            "epoch": self.epoch,
            "firstSeq": first_seq,
            "prevHash": before,
            "entries": self.entries[first_seq - 1 :],
        }


# --- Section 4: signing ----------------------------------------------------------------------------------------------


def signed_headers(key, method, uri, body, *, seq, created, nonce, key_id):
    digest = "sha-256=:%s:" % base64.b64encode(hashlib.sha256(body).digest()).decode()
    params = (
        '("@method" "@target-uri" "content-digest" "x-terminal-seq")'
        ';created=%d;nonce="%s";keyid="%s";alg="ed25519"' % (created, nonce, key_id)
    )
    base = "\n".join(
        [
            '"@method": ' + method,
            '"@target-uri": ' + uri,
            '"content-digest": ' + digest,
            '"x-terminal-seq": %d' % seq,
            '"@signature-params": ' + params,
        ]
    )
    headers = {
        "content-digest": digest,
        "x-terminal-seq": str(seq),
        "signature-input": "sig1=" + params,
        "signature": "sig1=:%s:" % base64.b64encode(key.sign(base.encode())).decode(),
    }
    return base, headers


class Terminal:
    def __init__(self, origin):
        self.origin = origin
        self.key = Key(os.urandom(32))
        self.terminal_id = None
        self.cloud_key = self.next_cloud_key = None
        self.seq = time.time_ns() // 1_000_000

    def call(self, method, path, body=None, signer=None, signed=True):
        raw, headers = b"", {"accept": "application/json"}
        if body is not None:
            raw = gzip.compress(json.dumps(body, ensure_ascii=False).encode())
            headers.update({"content-type": "application/json", "content-encoding": "gzip"})
        if signed:
            self.seq += 1
            created, nonce = int(time.time()), url64(os.urandom(18))
            uri = self.origin + path
            more = {"seq": self.seq, "created": created, "nonce": nonce, "key_id": self.terminal_id}
            headers.update(signed_headers(signer or self.key, method, uri, raw, **more)[1])
        data = raw if body is not None else None
        request = urllib.request.Request(self.origin + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def activate(self, code):
        public = url64(self.key.public)
        proof = url64(self.key.sign(("greentill/activate/1\n%s\n%s" % (code, public)).encode()))
        request = {"code": code, "publicKey": public, "proof": proof, "model": "python", "appVersion": "1.0.0"}
        status, answer = self.call("POST", "/v1/terminals/activate", request, signed=False)
        assert status == 200, answer
        self.terminal_id, self.cloud_key = answer["terminalId"], unurl64(answer["serverPublicKey"])
        return self.open_config(answer["config"])

    def open_config(self, signed):
        """Section 6: the signature before the parsing."""
        payload = signed["payload"].encode()
        signer = signer_of(signed, self.cloud_key, self.next_cloud_key, time.time() * 1000)
        assert signer is not None, "not signed by the cloud"
        assert not Key.verify(signer, payload + b" ", unurl64(signed["signature"]))
        config = json.loads(payload)
        assert config["terminalId"] == self.terminal_id
        self.cloud_key, self.next_cloud_key = signer, config.get("nextSigningKey")
        return config

    def change_key(self):
        """Section 5, changing the key: both keys are kept until the cloud has answered."""
        following = Key(os.urandom(32))
        public, old = url64(following.public), url64(self.key.public)
        text = "greentill/rotate/1\n%s\n%s\n%s" % (self.terminal_id, old, public)
        request = {"publicKey": public, "proof": url64(following.sign(text.encode()))}
        status, answer = self.call("POST", "/v1/terminals/me/key", request)
        assert status == 200 and answer["publicKey"] == public, answer
        again = self.call("POST", "/v1/terminals/me/key", request, signer=following)
        assert again == (status, answer), again
        former, self.key = self.key, following
        return former


# --- Section 13: member codes in two layers ----------------------------------------------------------------------------


def read_two_layer_code(digits, issuer_keys, trusted_seconds, last_counter):
    """What a code says, or the first check that it fails; the order is the page's."""
    if len(digits) != 508 or not digits.isdigit() or digits[:2] != "99":
        return "malformed"
    number = int(digits[2:506])
    if number % 97 != int(digits[506:]) or number >= 1 << (8 * 209):
        return "malformed"
    raw = number.to_bytes(209, "big")
    field = lambda start, end: int.from_bytes(raw[start:end], "big")  # noqa: E731
    if raw[0] != 2 or field(143, 145) == 0:
        return "malformed"
    if raw[1] not in issuer_keys:
        return "key-unknown"
    if not Key.verify(issuer_keys[raw[1]], b"greentill/member-certificate/2\n" + raw[:75], raw[75:139]):
        return "forged"
    if not Key.verify(raw[34:66], b"greentill/member-moment/2\n" + raw[:145], raw[145:]):
        return "forged"
    if trusted_seconds > field(70, 74):
        return "expired"
    if abs(field(139, 143) - trusted_seconds) > 90:
        return "stale"
    if field(143, 145) <= last_counter:
        return "used"
    return {
        "keyId": raw[1],
        "devicePublicKey": url64(raw[34:66]),
        "paymentCapYuan": field(66, 68),
        "windowCapYuan": field(68, 70),
        "notAfterSeconds": field(70, 74),
        "scope": raw[74],
        "certificateHex": raw[:139].hex(),
        "timeSeconds": field(139, 143),
        "counter": field(143, 145),
    }


# --- Sections 7, 9, 10 and 14: a counter -------------------------------------------------------------------------------

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FINAL = {"paid", "failed", "reversed", "refunded-late"}


def new_id(kind):
    number = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    return kind + "_" + "".join(CROCKFORD[number >> 5 * place & 31] for place in range(25, -1, -1))


class Counter:
    def __init__(self, origin, code):
        self.terminal, self.journal, self.acked = Terminal(origin), Journal(), 0
        self.config = self.terminal.activate(code)
        self.hash_key = os.urandom(32)
        shanghai = time.gmtime(time.time() + (8 - self.config["cutOverHour"]) * 3600)
        self.day = time.strftime("%Y-%m-%d", shanghai)
        self.journal.append("store.opened", {"reason": "created", "appVersion": "1.0.0"})
        self.journal.append("caps.applied", {"capsVersion": self.config["caps"]["version"]})

    def open_order(self, amount_fen):
        order = {
            "orderId": new_id("ord"),
            "amountFen": amount_fen,
            "voucherFen": 0,
            "concessionBp": self.config["concessionBp"],
            "businessDate": self.day,
            "cashier": "小王",
        }
        token = "".join(CROCKFORD[byte & 31] for byte in os.urandom(16))
        self.journal.append("order.opened", {**order, "claimToken": token})
        return {**order, "openedAtMs": self.journal.entries[-1]["wallMs"]}

    def take_cash(self, order, tendered_fen):
        due_fen = order["amountFen"]
        paid = {"dueFen": due_fen, "tenderedFen": tendered_fen, "changeFen": tendered_fen - due_fen}
        self.journal.append("cash.recorded", {"orderId": order["orderId"], **paid})

    def charge(self, order, code):
        """The intent is in the journal before the first byte; the code is in no entry."""
        attempt = {"orderId": order["orderId"], "attempt": 1, "wallet": "wechat"}
        secret = hmac.new(self.hash_key, code.encode(), hashlib.sha256).hexdigest()
        mask = code[:2] + "****" + code[-4:]
        told = {"codeMask": mask, "codeHash": secret, "amountFen": order["amountFen"]}
        self.journal.append("charge.submitted", {**attempt, **told})
        status, answer = self.terminal.call("POST", "/v1/charges", {**order, **attempt, "authCode": code})
        assert status == 200, answer
        return answer

    def cancel(self, order):
        where = {"orderId": order["orderId"], "attempt": 1}
        self.journal.append("charge.cancel-wanted", {**where, "cashier": order["cashier"]})
        status, answer = self.terminal.call("POST", "/v1/charges/%s/1/cancel" % order["orderId"])
        assert status == 200, answer
        return answer

    def follow(self, answer):
        """Unknown is left by a definite answer only; then, and only then, it stands in the journal."""
        where = {"orderId": answer["orderId"], "attempt": 1}
        while answer["status"] not in FINAL:
            time.sleep(0.2)
            status, answer = self.terminal.call("GET", "/v1/charges/%s/1" % where["orderId"])
            assert status == 200, answer
        said = {"paid": ("channel", "channelRef", "paidAtMs"), "failed": ("code",)}.get(answer["status"], ())
        self.journal.append("charge." + answer["status"], {**where, **{name: answer[name] for name in said}})
        return answer["status"]

    def upload(self):
        status, answer = self.terminal.call("POST", "/v1/journal/batches", self.journal.batch(self.acked + 1))
        assert status == 200 and answer["headHash"] == self.journal.head, answer
        assert {verdict["verdict"] for verdict in answer["verdicts"]} == {"accepted"}, answer
        self.acked = answer["ackedThrough"]

    def results(self):
        found, cursor, more = {}, 0, True
        while more:
            status, answer = self.terminal.call("GET", "/v1/results?after=%d" % cursor)
            assert status == 200, answer
            more = answer["more"]
            for result in answer["results"]:
                cursor = result["cursor"]
                found[result["orderId"]] = result["result"]
        return found

    def tally(self, orders):
        """The cloud stores first and judges later."""
        for _ in range(100):
            status, answer = self.terminal.call("GET", "/v1/tallies/" + self.day)
            assert status == 200, answer
            if answer["orderCount"] == orders:
                return answer
            time.sleep(0.1)
        raise AssertionError(answer)


# --- The three commands ------------------------------------------------------------------------------------------------


def run(origin, code):
    terminal, journal, said = Terminal(origin), Journal(), {}
    config = terminal.activate(code)
    status, signed = terminal.call("GET", "/v1/terminals/me/config")
    assert status == 200 and terminal.open_config(signed)["configVersion"] == config["configVersion"]

    journal.append("store.opened", {"reason": "created", "appVersion": "1.0.0"})
    journal.append("caps.applied", {"capsVersion": config["caps"]["version"]})
    status, answer = terminal.call("POST", "/v1/journal/batches", journal.batch(1))
    assert status == 200 and answer["ackedThrough"] == 2 and answer["headHash"] == journal.head, answer
    journal.append("caps.applied", {"capsVersion": config["caps"]["version"], "来自": "另一种语言"})
    status, answer = terminal.call("POST", "/v1/journal/batches", journal.batch(2))
    verdicts = [verdict["verdict"] for verdict in answer["verdicts"]]
    assert verdicts == ["duplicate", "parked"], answer
    said["verdicts"] = verdicts
    status, answer = terminal.call("POST", "/v1/journal/batches", {**journal.batch(3), "firstSeq": 9})
    said["broken"] = answer["code"]

    beat = {
        "epoch": journal.epoch,
        "headSeq": 3,
        "headHash": journal.head,
        "ackedSeq": 3,
        "oldestUnsyncedMs": None,
        "appVersion": "1.0.0",
        "wallMs": time.time_ns() // 1_000_000,
        "diskFreeBytes": 1_000_000_000,
        "capsVersion": config["caps"]["version"],
        "peripherals": [{"role": "printer", "state": "online"}],
        "runId": os.urandom(8).hex(),
    }
    status, answer = terminal.call("POST", "/v1/heartbeats", beat)
    assert status == 200 and answer["configVersion"] == config["configVersion"], answer

    former = terminal.change_key()
    assert terminal.call("GET", "/v1/results?after=0")[0] == 200
    assert terminal.call("GET", "/v1/results?after=0", signer=former)[0] == 200
    status, answer = terminal.call("GET", "/v1/results?after=0", signer=Key(os.urandom(32)))
    said["stranger"] = answer["code"]
    said.update(terminalId=terminal.terminal_id, crypto=Key.__name__, headHash=journal.head, epoch=journal.epoch)
    print(json.dumps(said))


def sell(origin, code):
    counter = Counter(origin, code)
    cash = counter.open_order(1_250)
    counter.take_cash(cash, 2_000)
    counter.upload()

    paid, waits, never, poor = (counter.open_order(amount) for amount in (2_000, 3_000, 4_000, 500))
    said = {"paid": counter.follow(counter.charge(paid, "130000000000000001"))}
    said["waits"] = counter.follow(counter.charge(waits, "130000000000000102"))
    assert counter.charge(never, "130000000000000203")["status"] not in FINAL
    said["never"] = counter.follow(counter.cancel(never))
    counter.take_cash(never, 4_000)
    said["poor"] = counter.follow(counter.charge(poor, "130000000000000312"))
    counter.upload()

    results = counter.results()
    said["results"] = [results.get(order["orderId"]) for order in (cash, paid, waits, never, poor)]
    tally = counter.tally(4)
    said["tally"] = [tally[name] for name in ("settledFen", "cashFen", "offlineFen", "pendingFen")]
    said["orders"] = [order["orderId"] for order in (cash, paid, waits, never, poor)]
    print(json.dumps(said))


def signer_of(signed, pinned, announced, now_ms):
    """Section 6, when the cloud changes its key: the key that signed, if it follows from the pinned one."""
    due = lambda change: change["notBeforeMs"] <= now_ms + 60_000
    starts = [pinned] + ([unurl64(announced["publicKey"])] if announced and due(announced) else [])
    for key in starts:
        reached = [key]
        for change in signed.get("keyChanges", [])[:16]:
            if unurl64(change["fromKey"]) != key:
                continue
            text = "greentill/config-key/1\n%(fromKey)s\n%(toKey)s\n%(notBeforeMs)d" % change
            if not due(change) or not Key.verify(key, text.encode(), unurl64(change["signature"])):
                break
            key = unurl64(change["toKey"])
            reached.append(key)
        for key in reached:
            if Key.verify(key, signed["payload"].encode(), unurl64(signed["signature"])):
                return key
    return None


def vectors(page_path):
    with open(page_path, encoding="utf-8") as file:
        page = file.read()

    def example(name):
        return json.loads(re.search(r"<!-- vector: %s -->\s+```json\n(.*?)```" % name, page, re.S).group(1))

    # 64 hex digits: whoever copies a seed that is short of a digit learns it here.
    seed = bytes.fromhex(example("key")["seedHex"])
    key = Key(seed)
    assert url64(key.public) == example("key")["publicKey"]
    batch = example("batch")
    head = batch["prevHash"]
    for entry in batch["entries"]:
        head = entry_hash(head, batch["epoch"], entry)
        assert head == entry["hash"], entry["seq"]
    assert entry_preimage(batch["epoch"], batch["entries"][1]) == example("preimage")
    signed = example("signed-request")
    base, headers = signed_headers(
        key,
        signed["method"],
        signed["targetUri"],
        signed["body"].encode(),
        seq=signed["terminalSeq"],
        created=signed["created"],
        nonce=signed["nonce"],
        key_id=signed["keyId"],
    )
    assert base == signed["base"] and headers == signed["headers"]
    activation = example("activation")
    text = "greentill/activate/1\n%s\n%s" % (activation["code"], activation["publicKey"])
    assert url64(key.sign(text.encode())) == activation["proof"]
    change = example("rotation")
    new_key = Key(bytes.fromhex(change["newSeedHex"]))
    text = "greentill/rotate/1\n%s\n%s\n%s" % (change["terminalId"], url64(key.public), url64(new_key.public))
    assert url64(new_key.public) == change["publicKey"]
    assert url64(new_key.sign(text.encode())) == change["proof"]
    turned = example("key-change")
    (turn,) = turned["keyChanges"]
    assert signer_of(turned, key.public, None, turn["notBeforeMs"]) == new_key.public == unurl64(turn["toKey"])
    assert signer_of(turned, key.public, None, turn["notBeforeMs"] - 60_001) is None
    for name in ("notBeforeMs", "toKey", "signature"):
        wrong = {"notBeforeMs": 1, "toKey": url64(bytes(32)), "signature": turned["signature"]}[name]
        planted = dict(turned, keyChanges=[dict(turn, **{name: wrong})])
        assert signer_of(planted, key.public, None, turn["notBeforeMs"]) is None, name
    code = example("member-code")
    number = int(code["digits"][2:260])
    raw = number.to_bytes(107, "big")
    assert number % 97 == int(code["digits"][260:]) and raw[:43].hex() == code["signedHex"]
    assert Key.verify(key.public, b"greentill/member-code/1\n" + raw[:43], raw[43:])
    shown = example("two-layer-code")
    accepted = read_two_layer_code(shown["digits"], {1: key.public}, shown["timeSeconds"] + 90, shown["counter"] - 1)
    assert accepted == {name: shown[name] for name in accepted}, accepted
    assert Key(bytes.fromhex(shown["phoneSeedHex"])).public == unurl64(shown["devicePublicKey"])
    for seconds, last, refusal in [(91, 6, "stale"), (-91, 6, "stale"), (0, 7, "used"), (10**6, 6, "expired")]:
        assert read_two_layer_code(shown["digits"], {1: key.public}, shown["timeSeconds"] + seconds, last) == refusal
    forged = int(shown["digits"][2:506]) ^ 1
    forged = "99%0504d%02d" % (forged, forged % 97)
    assert read_two_layer_code(forged, {1: key.public}, shown["timeSeconds"], 6) == "forged"
    print(json.dumps({"vectors": 9, "crypto": Key.__name__}))


if __name__ == "__main__":
    {"run": run, "sell": sell, "vectors": vectors}[sys.argv[1]](*sys.argv[2:])
