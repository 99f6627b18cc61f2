#!/usr/bin/env node
// Is an archive, or a pack made of one, what it was when it was written? A second implementation, on Node >= 18 alone.
//
// Written from docs/format.md and docs/pack.md, not from the program they describe. It reads; it never writes, repairs or
// fetches. Numbers and words of its findings are those of `crawl verify`. Exit status: 0 all that was checked is sound,
// 4 a check FAILED, 5 nothing was checked, 2 usage, 1 a bug.

import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as zlib from "node:zlib";
import { pathToFileURL } from "node:url";

const USAGE = `usage: node verify.mjs [--json] [--keyring FOLDER] [--vkey KEY] [--roots FILE] [--blocks FOLDER] HOME|PACK...

HOME    the folder of an archive          PACK    a pack: its folder, or its .zip
--vkey KEY         the log's public key, NAME+ID+BASE64, as you have it from elsewhere
--roots FILE       certificates (PEM) of the time-stamping authorities that you trust
--blocks FOLDER    headers of Bitcoin blocks: files named by height, 80 octets in hex
--keyring FOLDER   all of these as the archive's owner keeps them, and what was signed last
--json             one finding a line
`;

export class Refused extends Error {} // what was read is not what it should be; the message is a sentence's end

// ------------------------------------------------------------------------------------------------ findings

export const CHECKS = [
  "1 format and files", "2 gzip members", "3 records and block digests", "4 payload digests", "5 manifests",
  "6 sequence without gaps", "7 revisits", "8 index rows", "9 ledger values", "10 versions", "11 log entries", "12 log tiles",
  "13 log checkpoint", "14 captures in the log", "15 outside time",
];
const COUNTED = [
  "files", "gzip members", "records", "entity-bodies", "manifests", "captures", "revisits", "index rows",
  "values at their places", "versions", "entries", "tiles", "checkpoint", "captures with their leaf", "stamps",
];
const MOST = 1000; // failures of one check that are told one by one

/** All checks of one run. tell: is given each finding as it comes. */
export class Report {
  constructor(tell) {
    this.tell = tell;
    this.outcomes = new Set();
    this.checks = new Map();
    CHECKS.forEach((name, at) => this.add(at + 1, name, COUNTED[at]));
  }
  add(number, name, of) {
    this.checks.set(number, { name, of, looked: 0, failed: 0, whyNot: "nothing of the kind is kept" });
  }
  say(check, subject, outcome, detail) {
    this.outcomes.add(outcome);
    this.tell({ check, subject, outcome, detail });
  }
  looked(number, count = 1) {
    this.checks.get(number).looked += count;
  }
  failed(number) {
    return this.checks.get(number).failed;
  }
  fail(number, subject, detail) {
    const check = this.checks.get(number);
    if (++check.failed <= MOST) this.say(check.name, subject, "FAIL", detail);
  }
  skip(number, subject, why) {
    this.say(this.checks.get(number).name, subject, "NOT CHECKED", why);
  }
  whyNot(numbers, why) {
    for (const number of numbers) this.checks.get(number).whyNot = why;
  }
  /** PASS only where something was looked at and nothing failed. */
  sum(subjectOf, numbers = [...this.checks.keys()]) {
    for (const number of numbers) {
      const check = this.checks.get(number);
      const subject = subjectOf(number);
      if (check.failed > MOST) this.say(check.name, subject, "FAIL", `${check.failed - MOST} failures more, not told one by one`);
      else if (!check.failed && check.looked) this.say(check.name, subject, "PASS", `${check.looked} ${check.of}`);
      else if (!check.failed) this.say(check.name, subject, "NOT CHECKED", check.whyNot);
    }
  }
  get status() {
    return this.outcomes.has("FAIL") ? 4 : this.outcomes.has("PASS") ? 0 : 5;
  }
}

// ------------------------------------------------------------------------------------------------ octets

const EMPTY = Buffer.alloc(0);
const hash = (name, ...parts) => parts.reduce((h, part) => h.update(part), crypto.createHash(name)).digest();
export const sha256 = (...parts) => hash("sha256", ...parts);
const hex = (octets) => octets.toString("hex");
const same = (a, b) => a !== null && b !== null && a.equals(b);

/** Raises Refused where the octets are no UTF-8. */
function utf8(octets) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    throw new Refused("it is not UTF-8");
  }
}

/** One spelling only: padding bits that are not zero are refused too. */
function base64(text) {
  const octets = Buffer.from(text, "base64");
  if (octets.toString("base64") !== text) throw new Refused("not the one spelling of its base64");
  return octets;
}

/** RFC 8785: keys in the order of UTF-16, no white space; numbers and strings as ECMAScript spells them. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/** What canonical JSON says. Raises Refused where it is none; `spelled` is false where it is JSON in another spelling. */
function json(octets) {
  let value;
  try {
    const text = utf8(octets);
    value = JSON.parse(text);
    return { value, spelled: canonical(value) === text };
  } catch (error) {
    throw new Refused(`it is no JSON: ${error.message.slice(0, 120)}`);
  }
}

/** A file's octets, as long as it may be; null where it is not there. */
function contents(file, most) {
  try {
    const stat = fs.statSync(file);
    if (!stat.isFile()) throw new Refused("it is no file");
    if (stat.size > most) throw new Refused(`it has ${stat.size} octets, and may have ${most}`);
    return fs.readFileSync(file);
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    if (error instanceof Refused) throw error;
    throw new Refused(`it cannot be read: ${error.code ?? error.message}`);
  }
}

// ------------------------------------------------------------------------------------------------ RFC 6962

const ROOT_OF_NOTHING = sha256(EMPTY);
export const leafHash = (entry) => sha256(Buffer.of(0), entry);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** The root over subtrees of one size, of which the last alone may be smaller. */
export function over(hashes) {
  if (!hashes.length) return ROOT_OF_NOTHING;
  let row = hashes;
  while (row.length > 1) {
    const next = [];
    for (let i = 0; i + 1 < row.length; i += 2) next.push(nodeHash(row[i], row[i + 1]));
    if (row.length % 2) next.push(row[row.length - 1]);
    row = next;
  }
  return row[0];
}

/** Does the path lead from the leaf's hash to the root? RFC 9162, 2.1.3.2. */
export function includes(leaf, index, size, proof, root) {
  let at = BigInt(index);
  let last = BigInt(size) - 1n;
  if (at < 0n || at > last || leaf.length !== 32) return false;
  let found = leaf;
  for (const step of proof) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      found = nodeHash(step, found);
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else found = nodeHash(found, step);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && found.equals(root);
}

/** Is the tree of `old` leaves the beginning of the other? RFC 9162, 2.1.4.2. Never of an empty one. */
export function extendsTree(old, size, proof, oldRoot, root) {
  const [first, second] = [BigInt(old), BigInt(size)];
  if (first <= 0n || first > second) return false;
  if (first === second) return !proof.length && oldRoot.equals(root);
  const steps = first & (first - 1n) ? [...proof] : [oldRoot, ...proof];
  if (!steps.length) return false;
  let [at, last] = [first - 1n, second - 1n];
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let was = steps[0];
  let is = steps[0];
  for (const step of steps.slice(1)) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      [was, is] = [nodeHash(step, was), nodeHash(step, is)];
      while (!(at & 1n) && at) [at, last] = [at >> 1n, last >> 1n];
    } else is = nodeHash(is, step);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && was.equals(oldRoot) && is.equals(root);
}

function split(width) {
  let power = 1;
  while (power * 2 < width) power *= 2;
  return power;
}

/** The hash over leaves [low, high). node(height, index): the hash of one complete subtree. */
function range(low, high, node) {
  const width = high - low;
  if (width === 0) return ROOT_OF_NOTHING;
  const height = Math.round(Math.log2(width));
  if (2 ** height === width) return node(height, low / width);
  const middle = low + split(width);
  return nodeHash(range(low, middle, node), range(middle, high, node));
}

/** RFC 6962, 2.1.2. */
export function consistency(old, size, node) {
  const proof = [];
  let [low, high, whole] = [0, size, true];
  while (old < high) {
    const middle = low + split(high - low);
    if (old <= middle) {
      proof.push(range(middle, high, node));
      high = middle;
    } else {
      proof.push(range(low, middle, node));
      [low, whole] = [middle, false];
    }
  }
  if (!whole) proof.push(range(low, high, node));
  return proof.reverse();
}

/** RFC 6962, 2.1.1. */
export function inclusion(index, size, node) {
  const proof = [];
  let [low, high] = [0, size];
  while (high - low > 1) {
    const middle = low + split(high - low);
    if (index < middle) {
      proof.push(range(middle, high, node));
      high = middle;
    } else {
      proof.push(range(low, middle, node));
      low = middle;
    }
  }
  return proof.reverse();
}

// ------------------------------------------------------------------------------------------------ signed notes

const LONGEST_NOTE = 64 * 1024;

/** NAME+ID+BASE64 of signed-note, type 1. Raises Refused. */
export function verifierKey(text) {
  const match = /^([^\s+\x00-\x1f]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text.trim());
  if (!match) throw new Refused(`not the public key of a log: ${text.slice(0, 80)}`);
  const octets = base64(match[3]);
  if (octets.length !== 33 || octets[0] !== 1) throw new Refused("the log's key is not an Ed25519 key");
  const id = sha256(Buffer.from(`${match[1]}\n`), octets).subarray(0, 4);
  if (hex(id) !== match[2]) throw new Refused(`the id of the log's key is ${hex(id)}, not ${match[2]}`);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), octets.subarray(1)]);
  return { name: match[1], id, key: crypto.createPublicKey({ key: spki, format: "der", type: "spki" }), text: text.trim() };
}

/** A text and its signature lines. Raises Refused. */
export function parseNote(octets) {
  const whole = utf8(octets);
  const at = whole.lastIndexOf("\n\n");
  if (octets.length > LONGEST_NOTE || at < 1 || !whole.endsWith("\n") || at + 2 >= whole.length || /[\x00-\x09\x0b-\x1f]/.test(whole))
    throw new Refused("not a signed note: it is no text with signatures below a blank line");
  const lines = whole.slice(at + 2, -1).split("\n");
  if (lines.length > 16) throw new Refused("not a signed note: more than 16 signatures");
  const signatures = lines.map((line) => {
    const match = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
    const signature = match && base64(match[2]);
    if (!match || signature.length < 5) throw new Refused(`not a signed note: ${JSON.stringify(line.slice(0, 60))} is no signature`);
    return { name: match[1], id: signature.subarray(0, 4), octets: signature.subarray(4) };
  });
  return { text: whole.slice(0, at + 1), signatures };
}

/** Origin, size, root; without extension lines. Raises Refused. */
export function parseCheckpoint(text) {
  const [origin, size, root, ...rest] = text.split("\n");
  if (rest.length !== 1 || rest[0] !== "" || !origin || !/^(0|[1-9][0-9]{0,18})$/.test(size))
    throw new Refused("not a checkpoint: it has not the three lines origin, size, root");
  const octets = base64(root);
  if (octets.length !== 32) throw new Refused("not a checkpoint: its root is no SHA-256");
  if (!Number.isSafeInteger(Number(size))) throw new Refused(`not a checkpoint: no log has ${size} leaves`);
  return { origin, size: Number(size), root: octets };
}

/** There is a line of the key, and all of them hold; lines of others are left alone. Raises Refused. */
function signedBy(note, key) {
  const ours = key ? note.signatures.filter((each) => each.name === key.name && each.id.equals(key.id)) : [];
  if (!ours.length || !ours.every((each) => crypto.verify(null, Buffer.from(note.text), key.key, each.octets)))
    throw new Refused(`it is not signed by ${key ? key.text : "a key that is known"}`);
}

/** The checkpoint of a note that this key has signed. Raises Refused. */
export function vouched(note, key) {
  signedBy(note, key);
  const found = parseCheckpoint(note.text);
  if (found.origin !== key.name) throw new Refused(`the checkpoint is of the log ${found.origin}, not of ${key.name}`);
  return found;
}

// ------------------------------------------------------------------------------------------------ tiles

const WIDTH = 256;
const LARGEST_BUNDLE = WIDTH * 65537;

export function tileName(level, index, width = WIDTH) {
  let digits = String(index);
  digits = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const parts = digits.match(/.../g);
  return `tile/${level}/${parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join("/")}${width === WIDTH ? "" : `.p/${width}`}`;
}

/** How many hashes a tile has in a tree of so many leaves. */
export const tileWidth = (size, level, index) => Math.min(WIDTH, Math.max(0, Math.floor(size / WIDTH ** level) - index * WIDTH));

function unbundled(octets) {
  const entries = [];
  for (let at = 0; at < octets.length; ) {
    const end = at + 2 <= octets.length ? at + 2 + octets.readUInt16BE(at) : Infinity;
    if (end > octets.length) throw new Refused(`entry ${entries.length} is cut off`);
    entries.push(octets.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** The files of a log as a tree of `size` leaves has them. Raises Refused where one is missing or too short. */
export class Tiles {
  constructor(folder, size) {
    [this.folder, this.size, this.kept] = [folder, size, new Map()];
  }
  read(level, index) {
    const wide = tileWidth(this.size, level === "entries" ? 0 : level, index);
    // A partial tile may be gone once the full one is there; then its beginning is the same.
    for (const [width, cut] of wide === WIDTH ? [[WIDTH, false]] : [[wide, false], [WIDTH, true]]) {
      const octets = contents(path.join(this.folder, tileName(level, index, width)), LARGEST_BUNDLE);
      if (octets) return { octets, wide, cut };
    }
    throw new Refused(`${tileName(level, index, wide)} is missing`);
  }
  hashes(level, index) {
    const key = `${level}/${index}`;
    let found = this.kept.get(key);
    if (!found) {
      const { octets, wide } = this.read(level, index);
      if (!wide || octets.length < wide * 32) throw new Refused(`${tileName(level, index, wide)} does not hold ${wide} hashes`);
      found = [];
      for (let at = 0; at < wide; at++) found.push(octets.subarray(at * 32, at * 32 + 32));
      if (this.kept.size >= 64) this.kept.clear();
      this.kept.set(key, found);
    }
    return found;
  }
  /** As its file has them, be they too few or too many. */
  entries(index) {
    const { octets, wide, cut } = this.read("entries", index);
    try {
      const found = unbundled(octets);
      return cut ? found.slice(0, wide) : found;
    } catch (error) {
      throw new Refused(`${tileName("entries", index, wide)}: ${error.message}`);
    }
  }
  node = (height, index) => {
    const level = Math.floor(height / 8);
    const count = 2 ** (height % 8);
    const first = index * count;
    const row = this.hashes(level, Math.floor(first / WIDTH)).slice(first % WIDTH, (first % WIDTH) + count);
    if (row.length !== count) throw new Refused(`${tileName(level, Math.floor(first / WIDTH))} ends too early`);
    return over(row);
  };
  root() {
    return range(0, this.size, this.node);
  }
  /** Does the log begin with that checkpoint? */
  extends(old, now) {
    if (old.size === 0) return true;
    if (old.size > now.size) return false;
    try {
      return extendsTree(old.size, now.size, consistency(old.size, now.size, this.node), old.root, now.root);
    } catch (error) {
      if (error instanceof Refused) return old.size === now.size && old.root.equals(now.root);
      throw error;
    }
  }
}

// ------------------------------------------------------------------------------------------------ gzip members

const STEP = 64 * 1024;
const WINDOW = 1 << 20; // octets of a file that are held
const HELD = 1 << 17; // octets that a member may inflate to at one go; a longer one goes by in steps (buffers of one size keep memory whole)
const FREE = 1 << 30; // octets a member may inflate to, whatever it is coded in; beyond that 200 times its length
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
const crc32 =
  zlib.crc32 ?? // Node 20.15 and later
  ((octets, crc = 0) => {
    crc = ~crc;
    for (let i = 0; i < octets.length; i++) crc = CRC_TABLE[(crc ^ octets[i]) & 255] ^ (crc >>> 8);
    return ~crc >>> 0;
  });

/** A file, or a part of one, seen through one window. What `at` gives is good until it is called again. */
export class Source {
  constructor(file, base = 0, size = null) {
    [this.file, this.base, this.fd] = [file, base, fs.openSync(file, "r")];
    this.size = size ?? fs.fstatSync(this.fd).size;
    this.buffer = EMPTY;
    this.begin = this.end = 0;
  }
  at(offset, most) {
    const count = Math.max(0, Math.min(most, this.size - offset));
    if (offset < this.begin || offset + count > this.end) this.load(offset);
    return this.buffer.subarray(offset - this.begin, Math.min(offset - this.begin + count, this.end - this.begin));
  }
  load(offset) {
    if (!this.buffer.length) this.buffer = Buffer.allocUnsafe(Math.min(WINDOW, Math.max(this.size, 1)));
    const most = Math.max(0, Math.min(this.buffer.length, this.size - offset));
    let filled = 0;
    for (let read = 1; read > 0 && filled < most; filled += read)
      read = fs.readSync(this.fd, this.buffer, filled, most - filled, this.base + offset + filled);
    [this.begin, this.end] = [offset, offset + filled];
  }
  *pieces(offset, length) {
    for (let at = 0; at < length; ) {
      const piece = this.at(offset + at, Math.min(length - at, WINDOW));
      if (!piece.length) return;
      yield piece;
      at += piece.length;
    }
  }
  close() {
    fs.closeSync(this.fd);
  }
}

/** Octets of the header of a gzip member (RFC 1952, 2.3); 0 where none begins here. */
function gzipHeader(octets) {
  if (octets.length < 10 || octets.readUIntBE(0, 3) !== 0x1f8b08 || octets[3] & 0xe0) return 0;
  let at = 10;
  if (octets[3] & 4) at += 2 + (at + 2 <= octets.length ? octets.readUInt16LE(at) : 0);
  for (const flag of [8, 16]) if (octets[3] & flag) at = octets.indexOf(0, at) + 1 || Infinity;
  if (octets[3] & 2) at += 2;
  return at <= octets.length ? at : 0;
}

/** The octets of the gzip member at an offset, in pieces. end: is given `length`, and `trouble` where it is not whole. */
async function* inflated(source, offset, end) {
  const head = gzipHeader(source.at(offset, 4096));
  if (!head) {
    [end.length, end.trouble] = [0, "no gzip member begins here"];
    return;
  }
  for (const fresh of source.begin === offset ? [true] : [false, true]) {
    if (fresh) source.load(offset);
    const coded = source.at(offset + head, source.end - offset - head);
    try {
      const { buffer, engine } = zlib.inflateRawSync(coded, { info: true, maxOutputLength: HELD, chunkSize: HELD });
      const used = head + engine.bytesWritten;
      if (source.end < offset + used + 8) continue;
      yield buffer;
      trailer(source, offset + used, end, offset, crc32(buffer), buffer.length);
      return;
    } catch (error) {
      if (error.code === "ERR_BUFFER_TOO_LARGE") break;
      if (error.code !== "Z_BUF_ERROR") {
        end.trouble = `the gzip member is broken: ${error.message}`;
        return;
      }
    }
  }
  yield* inflatedInSteps(source, offset, head, end);
}

async function* inflatedInSteps(source, offset, head, end) {
  const coded = fs.createReadStream(source.file, { start: source.base + offset + head, end: source.base + source.size - 1, highWaterMark: STEP });
  const engine = zlib.createInflateRaw({ chunkSize: STEP });
  coded.on("error", (error) => engine.destroy(error));
  coded.pipe(engine);
  let [crc, length] = [0, 0];
  try {
    for await (const piece of engine) {
      crc = crc32(piece, crc);
      length += piece.length;
      if (length > Math.max(FREE, 200 * engine.bytesWritten)) {
        end.trouble = `the gzip member swells to more than ${length} octets from ${engine.bytesWritten}`;
        return;
      }
      yield piece;
    }
    trailer(source, offset + head + engine.bytesWritten, end, offset, crc, length);
  } catch (error) {
    const cut = error.code === "Z_BUF_ERROR";
    end.trouble = cut ? "the file ends inside a gzip member" : `the gzip member is broken: ${error.message}`;
  } finally {
    coded.destroy();
    engine.destroy();
  }
}

function trailer(source, at, end, offset, crc, length) {
  const octets = source.at(at, 8);
  if (octets.length < 8) end.trouble = "the file ends inside a gzip member";
  else if (octets.readUInt32LE(0) !== crc) end.trouble = "the gzip member is broken: incorrect data check";
  else if (octets.readUInt32LE(4) !== length % 2 ** 32) end.trouble = "the gzip member is broken: incorrect length check";
  else end.length = at + 8 - offset;
}

/** Where behind an offset the next gzip member begins that holds a record; the file's end where none does. */
function nextMember(source, offset) {
  const mark = Buffer.of(0x1f, 0x8b, 8);
  for (let at = offset; at < source.size; ) {
    const window = source.at(at, STEP);
    const found = window.indexOf(mark);
    if (found < 0) {
      at += Math.max(1, window.length - mark.length + 1);
      continue;
    }
    at += found;
    const coded = Buffer.from(source.at(at, 4096));
    const head = gzipHeader(coded);
    try {
      const options = { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: 1 << 23 };
      if (head && /^WARC\/\d/i.test(zlib.inflateRawSync(coded.subarray(head), options).toString("latin1", 0, 8))) return at;
    } catch {
      // no member
    }
    at++;
  }
  return source.size;
}

function hashOfSlice(source, offset, length) {
  const digest = crypto.createHash("sha256");
  for (const piece of source.pieces(offset, length)) digest.update(piece);
  return digest.digest("hex");
}

// ------------------------------------------------------------------------------------------------ WARC records

const LONGEST_HEAD = 1 << 20;
const LONGEST_LINE = 64 * 1024;
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const URN = /^[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>]+$/;
const DATE = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?)?)?$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TYPES = ["warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"];
const LABEL = /^([a-z0-9-]+):([a-z0-9+/=_-]+)$/i;

/** [name, value] of a line `name: value`; null where it is none. Without an expression that a long line could keep busy. */
function field(line) {
  const at = line.indexOf(":");
  return at > 0 && isWord(line.slice(0, at)) ? [line.slice(0, at), strip(line.slice(at + 1))] : null;
}
function strip(text) {
  let [begin, end] = [0, text.length];
  while (begin < end && (text[begin] === " " || text[begin] === "\t")) begin++;
  while (end > begin && (text[end - 1] === " " || text[end - 1] === "\t")) end--;
  return text.slice(begin, end);
}

const WORD = new RegExp(`^${TOKEN}$`);
const isId = (value) => value.startsWith("<") && value.endsWith(">") && URN.test(value.slice(1, -1));
const isUri = (value) => URN.test(value);
const isNumber = (value) => /^[0-9]{1,18}$/.test(value);
const isWord = (value) => WORD.test(value);
const MEDIA = new RegExp(`^${TOKEN}/${TOKEN}([ \\t]*;[ \\t]*${TOKEN}=(${TOKEN}|"([^"\\\\]|\\\\[^])*"))*[ \\t]*;?$`);
const isMedia = (value) => MEDIA.test(value);
const isAddress = (value) => /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:.]*:[0-9a-f:.]*)$/i.test(value);
const isDigest = (value) => LABEL.test(value);
const isText = (value) => value !== "";
function isDate(value) {
  const found = DATE.test(value) && /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T(\d\d):(\d\d)(?::(\d\d))?)?/i.exec(value).slice(1);
  if (!found) return false;
  const [year, month, day, hour, minute, second] = found.map((part, at) => (part === undefined ? (at < 3 ? 1 : 0) : Number(part)));
  const time = new Date(Date.UTC(2000, month - 1, day, hour, minute, Math.min(second, 59)));
  time.setUTCFullYear(year, month - 1, day);
  return year > 0 && second <= 60 && time.getUTCMonth() === month - 1 && time.getUTCDate() === day && hour < 24 && minute < 60;
}
const but = (...types) => TYPES.filter((type) => !types.includes(type));

// WARC 1.1, 5: how each value must look, its clause, and on which types of record the field must not stand.
const FIELDS = new Map(
  [
    ["WARC-Record-ID", isId, "5.2"], ["Content-Length", isNumber, "5.3"], ["WARC-Date", isDate, "5.4"], ["WARC-Type", isWord, "5.5"],
    ["Content-Type", isMedia, "5.6"], ["WARC-Concurrent-To", isId, "5.7", ["warcinfo", "conversion", "continuation"]],
    ["WARC-Block-Digest", isDigest, "5.8"], ["WARC-Payload-Digest", isDigest, "5.9"],
    ["WARC-IP-Address", isAddress, "5.10", ["warcinfo", "conversion", "continuation"]],
    ["WARC-Refers-To", isId, "5.11", ["warcinfo", "response", "resource", "request", "continuation"]],
    ["WARC-Refers-To-Target-URI", isUri, "5.12", but("revisit")], ["WARC-Refers-To-Date", isDate, "5.13", but("revisit")],
    ["WARC-Target-URI", isUri, "5.14", ["warcinfo"]], ["WARC-Truncated", isWord, "5.15"], ["WARC-Warcinfo-ID", isId, "5.16", ["warcinfo"]],
    ["WARC-Filename", isText, "5.17", but("warcinfo")], ["WARC-Profile", isUri, "5.18", but("revisit")],
    ["WARC-Identified-Payload-Type", isMedia, "5.19"], ["WARC-Segment-Number", isNumber, "5.20"],
    ["WARC-Segment-Origin-ID", isId, "5.21", but("continuation")], ["WARC-Segment-Total-Length", isNumber, "5.22", but("continuation")],
  ].map(([name, rule, clause, never = []]) => [name.toLowerCase(), { name, rule, clause, never }]),
);

/** One record: its fields, and what is wrong with how it lies. */
class Record {
  constructor(offset) {
    Object.assign(this, { offset, length: 0, sha256: null, version: null, fields: [], members: [], faults: [], readable: true, taken: 0 });
  }
  get(name) {
    return this.fields.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? null;
  }
  get type() {
    return (this.get("WARC-Type") ?? "").trim().toLowerCase();
  }
  get target() {
    return (this.get("WARC-Target-URI") ?? "").replace(/^<|>$/g, "");
  }
  get id() {
    return bare(this.get("WARC-Record-ID"));
  }
}
const bare = (id) => id && id.replace(/^<|>$/g, "").replace(/^urn:uuid:/, "");

/** What is wrong with a record's fields. */
function* standard(record) {
  const [seen, kind] = [new Set(), record.type];
  for (const [name, value] of record.fields) {
    const known = FIELDS.get(name.toLowerCase());
    if (!known) continue; // 5.1: fields with other names are passed over
    const fault = (text) => `${known.name}: ${text} (WARC 1.1, ${known.clause})`;
    if (seen.has(known.name) && known.name !== "WARC-Concurrent-To") yield fault("the field is repeated");
    seen.add(known.name);
    if (known.never.includes(kind)) yield fault(`the field must not stand in a ${kind} record`);
    if (!known.rule(value)) yield fault(`${JSON.stringify(value.slice(0, 80))} is not as it must be`);
  }
  const needed = ["WARC-Record-ID", "Content-Length", "WARC-Date", "WARC-Type"];
  if (["response", "resource", "request", "revisit", "conversion", "continuation"].includes(kind)) needed.push("WARC-Target-URI");
  if (kind === "revisit") needed.push("WARC-Profile");
  if (/identical-payload-digest>?$/.test(record.get("WARC-Profile") ?? "")) needed.push("WARC-Payload-Digest");
  if (Number(record.get("Content-Length")) && TYPES.includes(kind)) needed.push("Content-Type");
  for (const name of needed) if (!seen.has(name)) yield `${name}: the field is missing (WARC 1.1, ${FIELDS.get(name.toLowerCase()).clause})`;
  if (!(record.get("WARC-Block-Digest") ?? "").startsWith("sha256:")) yield "WARC-Block-Digest: every record of this archive has one, by sha256";
  if (kind === "warcinfo" && record.get("Content-Type") !== "application/warc-fields") yield "Content-Type: a warcinfo record holds application/warc-fields";
  const said = /^application\/http\s*;\s*msgtype\s*=\s*"?([^";\s]+)/i.exec(record.get("Content-Type") ?? "");
  if (said && ["request", "response"].includes(kind) && said[1].toLowerCase() !== kind) yield `Content-Type: msgtype ${said[1]} in a ${kind} record`;
}

/** Reads the record at an offset; `open(record)` is given its head and returns who is fed its block. */
async function readRecord(source, offset, open) {
  const [record, end] = [new Record(offset), { length: 0, trouble: null }];
  let [head, fed, left, rest, sink] = [EMPTY, 0, 0, EMPTY, null];
  for await (let piece of inflated(source, offset, end)) {
    fed += piece.length;
    if (head !== null && record.readable) {
      head = head.length ? Buffer.concat([head, piece]) : piece;
      const at = endOfLines(head);
      if (at < 0 && head.length <= LONGEST_HEAD) continue;
      parseHead(record, at < 0 ? head : head.subarray(0, at), at < 0);
      piece = at < 0 ? EMPTY : head.subarray(at);
      head = null;
      left = record.size ?? 0;
      sink = open(record);
    }
    if (!record.readable) continue;
    const block = piece.subarray(0, Math.min(left, piece.length));
    if (block.length) sink.feed(block);
    left -= block.length;
    record.taken += block.length;
    if (rest.length < 64) rest = Buffer.concat([rest, piece.subarray(block.length, block.length + 64)]);
    record.behind = (record.behind ?? 0) + piece.length - block.length;
  }
  if (head !== null && fed) {
    parseHead(record, head, true);
    sink = open(record);
  }
  if (!fed && !end.trouble) record.members.push("the gzip member is empty");
  if (end.trouble) record.members.push(end.trouble);
  if (record.readable && record.version) {
    if (left) {
      record.faults.push(`Content-Length: the block ends after ${record.taken} of ${record.size} octets`);
      record.readable = false;
    } else {
      const blank = /^[\r\n]*/.exec(rest.toString("latin1"))[0].length;
      const whole = rest.subarray(0, 4).equals(Buffer.from("\r\n\r\n"));
      if (!whole) record.faults.push(`two empty lines must follow the block, not ${JSON.stringify(rest.toString("latin1", 0, 4))}`);
      const more = record.behind - (whole ? 4 : blank);
      if (more && !end.trouble) record.members.push(`${more} octets follow the record in its gzip member`);
    }
  }
  if (end.length) {
    record.length = end.length;
    record.sha256 = hashOfSlice(source, offset, end.length);
    const wrap = source.at(offset, 10);
    if (wrap.readUIntBE(3, 5) !== 0 || ![0, 2, 4].includes(wrap[8]) || ![3, 255].includes(wrap[9]))
      record.members.push("the gzip header has a name, a time or a system, which those of an archive have not");
  } else record.length = nextMember(source, offset + 1) - offset;
  return { record, sink };
}

function parseHead(record, octets, endless) {
  const lines = octets.toString("latin1").split("\n");
  const version = /^WARC\/([0-9]+\.[0-9]+)\r?$/i.exec(lines[0]);
  if (!version) {
    record.members.push(`the first line is no version line: ${JSON.stringify(lines[0].slice(0, 40))}`);
    record.readable = false;
    return;
  }
  record.version = version[1];
  if (endless) record.faults.push(octets.length > LONGEST_HEAD ? `a header of more than ${LONGEST_HEAD} octets` : "the header has no end");
  if (lines.some((line) => line.length > LONGEST_LINE) || lines.length > 10_000) {
    record.faults.push(`a header of more than 10000 lines, or a line of more than ${LONGEST_LINE} octets`);
    endless = true;
  }
  if (lines.slice(0, -1).some((line) => !line.endsWith("\r"))) record.faults.push("a header line ends in LF alone");
  const joined = [];
  for (const line of lines.slice(1, -1).map((each) => each.replace(/\r$/, ""))) {
    if (/^[ \t]/.test(line) && joined.length) joined[joined.length - 1] += ` ${strip(line)}`;
    else if (line) joined.push(line);
  }
  for (const line of joined) {
    const match = field(line);
    if (!match) {
      record.faults.push(`not a field line: ${JSON.stringify(line.slice(0, 80))}`);
      continue;
    }
    const [name, wire] = match;
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(wire)) record.faults.push(`${name}: a control character in the value`);
    const value = Buffer.from(wire, "latin1").toString("utf8");
    if (Buffer.from(value).toString("latin1") !== wire) record.faults.push(`${name}: the value is not UTF-8`);
    record.fields.push([name, value]);
  }
  const size = (record.get("Content-Length") ?? "").trim();
  record.size = isNumber(size) && Number.isSafeInteger(Number(size)) ? Number(size) : null;
  if (record.size === null || endless) record.readable = false;
}

// ------------------------------------------------------------------------------------------------ the entity-body

const STATUS = /^HTTP\/1\.[0-9] ([0-9]{3})(?: ([^]*))?$/;
const CHUNK = /^([0-9A-Fa-f]+)[ \t]*(?:;[^]*)?\r?$/;
const CHUNK_BEGUN = /^(?:[0-9A-Fa-f]{1,16}(?:[ \t;\r][^]*)?)?$/;
const LONGEST_CHUNK_LINE = 16_384;
const LONGEST_TRAILER = 65_536;

/** Status and fields of a response's head (latin-1, its empty line included); null where it breaks RFC 9112. */
export function parseResponse(head) {
  const lines = head.replace(/\n\r?\n$/, "").split("\n").map((line) => line.replace(/\r$/, ""));
  const status = STATUS.exec(lines[0]);
  if (!status || head.includes("\0") || Number(status[1]) < 100 || Number(status[1]) === 101) return null;
  const fields = [];
  for (const line of lines.slice(1)) {
    const match = field(line);
    if (/^[ \t]/.test(line) && fields.length) fields[fields.length - 1][1] = strip(`${fields[fields.length - 1][1]} ${strip(line)}`);
    else if (match) fields.push([match[0].toLowerCase(), match[1]]);
    else return null;
  }
  return { status: Number(status[1]), fields, all: (name) => fields.filter(([key]) => key === name).map(([, value]) => value) };
}

/** The body of an HTTP message that goes by in pieces; what it is goes to `digest`. */
export class Body {
  constructor(digest) {
    Object.assign(this, { digest, ahead: [], held: 0, state: "head", status: null, line: "", left: 0, bare: false, trailer: 0 });
  }
  feed(octets) {
    if (this.state === "head") {
      this.ahead.push(octets);
      this.held += octets.length;
      const whole = Buffer.concat(this.ahead);
      this.ahead = [whole];
      const end = endOfLines(whole);
      if (end < 0 && this.held <= LONGEST_HEAD) return;
      this.framed(end < 0 ? null : parseResponse(whole.toString("latin1", 0, end)));
      octets = end < 0 ? EMPTY : whole.subarray(end);
      this.ahead = null;
    }
    if (this.state === "whole") this.digest.update(octets);
    else if (this.state === "maybe") this.maybe(octets);
    else if (this.state !== "none") this.chunks(octets);
  }
  framed(head) {
    this.status = head?.status ?? null;
    this.state = "whole";
    if (!head) return;
    if (head.status < 200 || head.status === 204 || head.status === 304) {
      this.state = "none";
      return;
    }
    const lengths = new Set(head.all("content-length").flatMap((value) => value.split(",").map(strip)));
    if (lengths.size > 1 || [...lengths].some((part) => !/^[0-9]{1,18}$/.test(part))) return;
    const codings = head.all("transfer-encoding").flatMap((value) => value.toLowerCase().split(",").map(strip));
    const named = codings.filter((coding) => coding && coding !== "identity");
    if (named.length === 1 && named[0] === "chunked") [this.state, this.first] = ["maybe", EMPTY];
  }
  maybe(octets) {
    this.first = Buffer.concat([this.first, octets]);
    const end = this.first.indexOf(10);
    if (end < 0 && this.first.length <= LONGEST_CHUNK_LINE && CHUNK_BEGUN.test(this.first.toString("latin1"))) return;
    const chunked = end >= 0 && end <= LONGEST_CHUNK_LINE && CHUNK.test(this.first.toString("latin1", 0, end));
    this.state = chunked ? "size" : "whole";
    this.feed(this.first);
    this.first = null;
  }
  chunks(octets) {
    let at = 0;
    while (at < octets.length && this.state !== "none") {
      if (this.state === "data") {
        const count = Math.min(this.left, octets.length - at);
        this.digest.update(octets.subarray(at, at + count));
        at += count;
        this.left -= count;
        if (!this.left) this.state = "data-end";
        continue;
      }
      const end = octets.indexOf(10, at);
      this.line += octets.toString("latin1", at, end < 0 ? octets.length : end);
      at = end < 0 ? octets.length : end + 1;
      if (this.line.length + (end < 0 ? 0 : 1) > (this.state === "trailer" ? LONGEST_TRAILER : LONGEST_CHUNK_LINE)) this.state = "none";
      else if (end >= 0) {
        const line = this.line;
        this.line = "";
        this.ended(line);
      }
    }
  }
  ended(line) {
    if (this.state === "size") {
      const match = CHUNK.exec(line);
      this.left = match ? parseInt(match[1], 16) : 0;
      this.bare = !line.endsWith("\r");
      this.state = !match ? "none" : this.left ? "data" : "trailer";
    } else if (this.state === "data-end") this.state = line === "\r" || (line === "" && this.bare) ? "size" : "none";
    else {
      this.trailer += line.length;
      if (line === "" || line === "\r" || this.trailer > LONGEST_TRAILER) this.state = "none";
    }
  }
}

/** Behind the first empty line; -1 where there is none. */
function endOfLines(octets) {
  const usual = octets.indexOf("\n\r\n");
  const odd = (usual < 0 ? octets : octets.subarray(0, usual + 1)).indexOf("\n\n");
  return odd >= 0 ? odd + 2 : usual >= 0 ? usual + 3 : -1;
}

// ------------------------------------------------------------------------------------------------ what a run remembers

const SALT = crypto.randomBytes(16); // nobody can make two ids that are one to this run

/** Numbers by id: 12 octets or so of memory for each, however many there are. */
export class Ids {
  constructor() {
    this.count = 0;
    this.make(1 << 12);
  }
  make(slots) {
    [this.mask, this.keys, this.values] = [slots - 1, new Uint32Array(2 * slots), new Uint32Array(slots)];
  }
  slot(high, low) {
    let at = low & this.mask;
    while (this.keys[2 * at + 1] && (this.keys[2 * at] !== high || this.keys[2 * at + 1] !== low)) at = (at + 1) & this.mask;
    return at;
  }
  key(id) {
    const digest = sha256(SALT, Buffer.from(id));
    return [digest.readUInt32LE(0), (digest.readUInt32LE(4) | 1) >>> 0]; // a key is never 0: that is an empty slot
  }
  /** Undefined where the id was never set. */
  get(id) {
    const at = this.slot(...this.key(id));
    return this.keys[2 * at + 1] ? this.values[at] : undefined;
  }
  set(id, value) {
    if (this.count * 3 > this.mask * 2) {
      const [keys, values] = [this.keys, this.values];
      this.make((this.mask + 1) * 2);
      for (let old = 0; old < values.length; old++)
        if (keys[2 * old + 1]) this.put(this.slot(keys[2 * old], keys[2 * old + 1]), keys[2 * old], keys[2 * old + 1], values[old]);
    }
    const [high, low] = this.key(id);
    const at = this.slot(high, low);
    if (!this.keys[2 * at + 1]) this.count++;
    this.put(at, high, low, value);
  }
  put(at, high, low, value) {
    [this.keys[2 * at], this.keys[2 * at + 1], this.values[at]] = [high, low, value];
  }
}

/** Rows of so many octets by number; those that were never set are zeros. */
class Rows {
  constructor(width) {
    [this.width, this.parts, this.length] = [width, new Map(), 0];
  }
  row(number) {
    const part = Math.floor(number / 4096);
    if (!this.parts.has(part)) this.parts.set(part, Buffer.alloc(4096 * this.width));
    const at = (number % 4096) * this.width;
    return this.parts.get(part).subarray(at, at + this.width);
  }
  set(number, ...octets) {
    this.length = Math.max(this.length, number + 1);
    let at = 0;
    for (const each of octets) at += each.copy(this.row(number), at);
  }
}

/** What (14) and (7) ask of captures: by number, the id, the leaf that the log should have, the digest of the body. */
class Captures {
  constructor() {
    [this.rows, this.ids] = [new Rows(48), new Ids()];
  }
  get count() {
    return this.rows.length;
  }
  add(seq, id, leaf, payload) {
    this.rows.set(seq, Buffer.from(id.replaceAll("-", ""), "hex"), leaf.subarray(0, 16), payload ? Buffer.from(payload, "hex").subarray(0, 16) : Buffer.alloc(16));
    this.ids.set(id, seq + 1);
  }
  has(seq) {
    return seq >= 0 && seq < this.count && !this.rows.row(seq).equals(Buffer.alloc(48));
  }
  id(seq) {
    return hex(this.rows.row(seq).subarray(0, 16)).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }
  hasLeaf(seq, leaf) {
    return this.rows.row(seq).subarray(16, 32).equals(leaf.subarray(0, 16));
  }
  payload(seq) {
    return this.rows.row(seq).subarray(32, 48);
  }
}

// ------------------------------------------------------------------------------------------------ manifests

const LARGEST_MANIFEST = 16 << 20;
const MAIN = ["response", "revisit", "resource", "octets"];
const NAMED = ["id", "type", "length", "sha256", "block_length", "block_sha256"];
const MANIFEST = "urn:kartoteka:manifest:";
const SHA256 = /^[0-9a-f]{64}$/;

/** What a manifest says, and whether it is spelled as it must be. Raises Refused. */
export function parseManifest(block) {
  const { value, spelled } = json(block);
  const lacks = (what) => {
    throw new Refused(`not a manifest: ${what}`);
  };
  if (value === null || typeof value !== "object" || Array.isArray(value)) lacks("it is no object");
  if (value.v !== 1 && value.v !== 2) return { value, spelled, version: value.v };
  if (!UUID.test(value.id)) lacks("its id is no UUID");
  if (!Number.isSafeInteger(value.seq) || value.seq < 0) lacks(`its number is ${JSON.stringify(value.seq)}`);
  for (const key of ["file", "began", "outcome", "url"]) if (typeof value[key] !== "string") lacks(`${key} is no text`);
  if (value.payload_sha256 !== null && !SHA256.test(value.payload_sha256)) lacks("payload_sha256 is no digest");
  if (value.refers_to !== null && typeof value.refers_to?.capture !== "string") lacks("refers_to names no capture");
  if (value.tls !== null && typeof value.tls !== "object") lacks("tls is no object");
  if (!Array.isArray(value.records)) lacks("it names no records");
  const named = [...value.records, ...(value.tls?.chain ? [value.tls.chain] : [])];
  for (const said of named)
    if (said === null || typeof said !== "object" || !Number.isSafeInteger(said.offset) || NAMED.some((key) => said[key] === undefined))
      lacks("a record that it names lacks something");
  return { value, spelled, version: value.v, named };
}

/** The entry that the log should have for a capture. */
export const entryOf = (told, digest) =>
  Buffer.from(canonical({ at: told.began, manifest: digest, outcome: told.outcome, seq: told.seq, v: 1 }));

/** An address as it stands in WARC-Target-URI. */
const asWritten = (url) =>
  url.replace(/[\x00-\x20\x7f-\x9f<>]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, (sign) =>
    /[\ud800-\udfff]/.test(sign) ? "%3F" : [...Buffer.from(sign)].map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );

// ------------------------------------------------------------------------------------------------ (1) to (7), (10)

const NAME = /^kartoteka-\d{14}-(\d{5,})\.warc\.gz$/;
const PENDING = 100_000; // records that may wait for their manifest
const CLOSED = "is not read here: this verifier has no SQLite, and the file is made again from warc/ by `crawl rebuild`";

/** One pass over the WARC files of a home. Gives what the log is held against. */
export async function checkFiles(home, report, progress = () => {}) {
  const captures = new Captures();
  report.whyNot([8], `index.sqlite ${CLOSED}`);
  report.whyNot([9], `ledger.sqlite ${CLOSED}`);
  report.whyNot([7], "no revisit among them");
  const format = contents(path.join(home, "format"), 4096);
  if (format === null) {
    report.whyNot(report.checks.keys(), `no archive in ${home}`);
    return null;
  }
  try {
    const version = json(format).value?.format;
    if (version === undefined) throw new Refused("");
    report.looked(10);
    if (version !== 1) report.fail(10, "format", `the archive has format ${version}; this verifier knows 1: use a newer one`);
  } catch {
    report.fail(1, "format", "the file does not say which format the archive has");
    return null;
  }
  const names = fs.existsSync(path.join(home, "warc")) ? fs.readdirSync(path.join(home, "warc")).sort() : [];
  const files = names.filter((name) => NAME.test(name)).sort((a, b) => Number(NAME.exec(a)[1]) - Number(NAME.exec(b)[1]));
  for (const name of names)
    if (name.endsWith(".torn")) report.skip(1, name, "octets that a recovery set aside: no part of the archive");
    else if (!files.includes(name)) report.fail(1, name, "the file is there, and no file of an archive has this name");
  const pass = new Pass(report, captures);
  for (const name of files) {
    report.looked(1);
    progress(name);
    const source = new Source(path.join(home, "warc", name));
    await pass.file(name, source);
    source.close();
  }
  if (!report.checks.get(3).looked && !report.failed(10)) report.checks.get(10).looked = 0; // nothing whose version could be known
  return captures;
}

class Pass {
  constructor(report, captures) {
    Object.assign(this, { report, captures, expected: 0, records: new Ids() });
  }
  async file(name, source) {
    [this.name, this.source, this.pending, this.chains] = [name, source, new Map(), new Map()];
    for (let offset = 0; offset < source.size; ) {
      const { record, sink } = await readRecord(source, offset, (head) => new Block(head));
      this.record(record, sink);
      offset += Math.max(1, record.length);
    }
    for (const record of this.pending.values()) this.loose(record);
  }
  loose(record) {
    if (record.type !== "warcinfo") this.report.fail(5, `${this.name} at ${record.offset}`, `no manifest names this ${record.type} record, ${record.id}`);
  }
  record(record, block) {
    const { report } = this;
    const where = `${this.name} at ${record.offset}`;
    report.looked(2);
    for (const fault of record.members) report.fail(2, where, fault); // (2)
    if (record.version === null) return;
    report.looked(3);
    report.looked(10);
    if (record.version !== "1.1") report.fail(10, where, `WARC/${record.version}; this archive writes 1.1`);
    for (const fault of [...record.faults, ...standard(record)]) report.fail(3, where, fault); // (3)
    const found = block.found(record);
    if (record.readable) {
      for (const [number, field, said, is] of block.differs(found)) report.fail(number, where, `${field}: it hashes to ${is}, and says ${said}`);
    }
    const lies = { ...found, offset: record.offset, length: record.length, sha256: record.sha256, id: record.id, type: record.type, target: record.target, date: record.get("WARC-Date"), refersTo: bare(record.get("WARC-Refers-To")) };
    if (lies.id !== null) {
      if (this.records.get(lies.id) !== undefined) report.fail(6, lies.id, `${where}: the record is there already`); // (6)
      this.records.set(lies.id, 1);
    }
    const told = block.kept && record.readable ? this.manifest(where, block, lies) : null;
    if (!told) {
      this.pending.set(record.offset, lies);
      if (this.pending.size > PENDING) {
        const [first] = this.pending.values();
        this.loose(first);
        this.pending.delete(first.offset);
      }
    }
  }
  // (5), (6)
  manifest(where, block, lies) {
    const { report, captures } = this;
    report.looked(5);
    report.looked(10);
    let read;
    try {
      read = parseManifest(Buffer.concat(block.kept));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      report.fail(5, where, error.message);
      return null;
    }
    const { value: told, spelled, version, named } = read;
    if (!named) {
      report.fail(10, where, `a manifest of version ${JSON.stringify(version)}; this verifier knows 2`);
      return null;
    }
    if (!spelled) report.fail(5, where, "the manifest is not in its canonical form (RFC 8785)");
    const capture = lies.target.slice(MANIFEST.length);
    if (told.id !== capture) report.fail(5, where, `the record is the manifest of ${capture}, and what it holds is that of ${told.id}`);
    if (told.file !== this.name) report.fail(5, where, `the manifest says that it lies in ${told.file}`);
    if (told.began !== lies.date) report.fail(5, told.id, `its manifest says that it began ${told.began}, and lies in a record of ${lies.date}`);
    report.looked(6);
    if (told.seq !== this.expected) report.fail(6, told.id, `${where}: the capture has number ${told.seq} where ${this.expected} should come`);
    this.expected = told.seq + 1;
    this.named(told, named);
    const digest = lies.block_sha256;
    if (told.seq < 2 ** 32 - 1) {
      if (captures.has(told.seq)) report.fail(6, told.id, `${where}: number ${told.seq} was that of ${captures.id(told.seq)} already`);
      captures.add(told.seq, told.id, leafHash(entryOf(told, digest)), this.bodyOf(told));
    }
    return told;
  }
  /** The digest of the body that lies in the capture's own record; null where none does. */
  bodyOf(told) {
    return told.refers_to === null && told.records.some((said) => MAIN.includes(said.kind)) ? told.payload_sha256 : null;
  }
  named(told, named) {
    const { report } = this;
    let main = null;
    for (const said of named) {
      const place = `its ${said.kind} record at ${said.offset} of ${this.name}`;
      const lies = this.pending.get(said.offset) ?? (said.kind === "chain" ? this.chains.get(said.offset) : undefined);
      if (!lies) {
        const twice = said.offset < this.source.size && gzipHeader(this.source.at(said.offset, 4096));
        report.fail(5, told.id, `${place} is not there${twice ? ", or another manifest names it" : ""}`);
        continue;
      }
      for (const key of NAMED) {
        if (lies[key] === said[key]) continue;
        report.fail(5, told.id, `${place} has ${key} ${lies[key]}; the manifest has ${said[key]}`);
        if (key === "sha256") report.fail(2, `${this.name} at ${said.offset}`, `it hashes to ${lies.sha256}; the manifest of ${told.id} has ${said.sha256}`);
      }
      if (said.kind === "chain") this.chains.set(said.offset, lies);
      if (MAIN.includes(said.kind)) main = lies;
      this.pending.delete(said.offset);
    }
    if (main) this.main(told, main);
    if (told.refers_to) this.revisit(told, main);
  }
  /** The record that is the capture says what its manifest says. */
  main(told, main) {
    const { report } = this;
    const differ = (what) => report.fail(5, told.id, `its record ${what}`);
    if (main.id !== told.id) differ(`has the id ${main.id}`);
    if (main.date !== told.began) differ(`has the date ${main.date}; the manifest ${told.began}`);
    if (main.status !== null && main.status !== told.status) differ(`has status ${main.status}; the manifest ${told.status}`);
    if (!main.target.startsWith("urn:kartoteka:") && main.target !== asWritten(told.url)) differ(`is of ${main.target}; the manifest of ${told.url}`);
    if ((main.type === "revisit") !== (told.refers_to !== null)) differ(`is a ${main.type}, and the manifest ${told.refers_to ? "refers" : "does not refer"} to another capture`);
    if (told.refers_to || main.payload_sha256 === null || told.payload_sha256 === null) return;
    report.looked(4);
    if (main.payload_sha256 !== told.payload_sha256) // (4)
      report.fail(4, told.id, `the entity-body hashes to ${main.payload_sha256}; the manifest has ${told.payload_sha256}`);
  }
  // (7)
  revisit(told, main) {
    const { report, captures } = this;
    report.looked(7);
    const seq = captures.ids.get(told.refers_to.capture);
    if (main && main.refersTo !== told.refers_to.capture) report.fail(7, told.id, `its record refers to ${main.refersTo}; the manifest to ${told.refers_to.capture}`);
    if (seq === undefined) report.fail(7, told.id, `it stands for capture ${told.refers_to.capture}, which is not kept before it`);
    else if (!told.payload_sha256 || !captures.payload(seq - 1).equals(Buffer.from(told.payload_sha256, "hex").subarray(0, 16)))
      report.fail(7, told.id, `it stands for ${told.refers_to.capture}, and the body of that is another, or is not there`);
  }
}

/** What is taken of a block while it goes by. */
class Block {
  constructor(record) {
    const http = /^application\/http\s*(;|$)/i.test(record.get("Content-Type") ?? "") && ["response", "request", "revisit"].includes(record.type);
    this.block = crypto.createHash("sha256");
    this.payload = crypto.createHash("sha256");
    this.body = http ? new Body(this.payload) : null;
    this.has = record.type === "resource" || (record.type === "response" && http);
    this.kept = record.type === "metadata" && record.target.startsWith(MANIFEST) ? [] : null;
    this.held = 0;
    this.said = ["WARC-Block-Digest", "WARC-Payload-Digest"].map((name) => /^sha-?256:([0-9a-f]{64})$/i.exec(record.get(name) ?? "")?.[1].toLowerCase());
  }
  feed(octets) {
    this.block.update(octets);
    if (this.body) this.body.feed(octets);
    else if (this.has) this.payload.update(octets);
    if (this.kept && (this.held += octets.length) <= LARGEST_MANIFEST) this.kept.push(octets);
  }
  found(record) {
    return {
      block_length: record.taken, block_sha256: this.block.digest("hex"), status: this.body?.status ?? null,
      payload_sha256: this.has && record.readable ? this.payload.digest("hex") : null,
    };
  }
  *differs(found) {
    if (this.said[0] && this.said[0] !== found.block_sha256) yield [3, "WARC-Block-Digest", this.said[0], found.block_sha256];
    if (this.said[1] && found.payload_sha256 && this.said[1] !== found.payload_sha256) yield [4, "WARC-Payload-Digest", this.said[1], found.payload_sha256];
  }
}

// ------------------------------------------------------------------------------------------------ (11) to (14)

const SHOWN = "log/checkpoint";
const GONE = 64; // tiles missing one after another, behind which none is looked for: a size may be invented
const TILE = /^tile\/(entries|\d|[1-5]\d|6[0-3])\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d*))?(\.new)?$/;

/** What the archive's owner keeps outside of it, as far as it was given. */
export class Trust {
  constructor({ keyring = null, vkey = null, roots = [], blocks = null } = {}) {
    Object.assign(this, { keyring, vkey, blocks: blocks ?? (keyring && path.join(keyring, "blocks")) });
    const folder = keyring && path.join(keyring, "roots");
    const held = folder && fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".pem")).sort() : [];
    this.roots = [...roots, ...held.map((name) => path.join(folder, name))].flatMap((file) => certificates(fs.readFileSync(file)));
  }
  held(origin, kind) {
    return this.keyring && contents(path.join(this.keyring, `${origin.replace(/[^A-Za-z0-9.-]/g, "_")}.${kind}`), LONGEST_NOTE);
  }
  block(height) {
    const text = this.blocks && contents(path.join(this.blocks, String(height)), 1024)?.toString("latin1").trim();
    return text && /^[0-9a-f]{160}$/i.test(text) ? Buffer.from(text, "hex") : null;
  }
}

/** The log of a home, and what of it can be believed. */
export class Log {
  constructor(home, trust) {
    this.folder = path.join(home, "log");
    this.trust = trust;
  }
  key() {
    const octets = contents(path.join(this.folder, "vkey"), LONGEST_NOTE);
    return octets && verifierKey(utf8(octets));
  }
  note() {
    const octets = contents(path.join(this.folder, "checkpoint"), LONGEST_NOTE);
    return octets && parseNote(octets);
  }
  /** Raises Refused; null where nothing was signed. */
  checkpoint() {
    const note = this.note();
    return note && vouched(note, this.key());
  }
}

export function checkLog(home, report, captures, trust) {
  const log = new Log(home, trust);
  const signed = checkpointOf(log, report);
  if (!signed) {
    const why = report.failed(13) ? "there is no checkpoint that can be trusted" : "no log has begun";
    report.whyNot([11, 12, 14], why);
    if (!report.failed(13) && captures?.count) report.skip(14, "log", `${captures.count} captures wait to be logged`);
    return;
  }
  const leaves = new Leaves(log, signed, report, captures);
  leaves.bundles();
  leaves.judge();
  leaves.files();
  leaves.missing();
}

/** (13): what is signed; where the note does not hold, what can still be used to look at the rest. */
function checkpointOf(log, report) {
  const fail = (subject, why) => report.fail(13, subject, why);
  let [key, note, last] = [null, null, null];
  try {
    key = log.key();
    const given = log.trust.vkey;
    if (given && (!key || key.text !== given.text)) fail("log/vkey", `it is not the key that you have: ${given.text}`);
    key = given ?? key;
    const held = key && log.trust.held(key.name, "checkpoint");
    if (key && !held) report.skip(13, SHOWN, `nothing is remembered here of what ${key.name} signed last`);
    if (held) {
      try {
        last = vouched(parseNote(held), key);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        fail("log/vkey", `${key.text} is not the key that signed what is remembered here of ${key.name}`);
      }
    }
    note = log.note();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    report.looked(13);
    fail(SHOWN, error.message);
    return last;
  }
  if (!note) {
    if (last) fail(SHOWN, `it is missing, and ${last.size} captures were signed for`);
    else if (fs.existsSync(path.join(log.folder, "tile"))) fail(SHOWN, "it is missing, and there are tiles");
    return last;
  }
  report.looked(13);
  let signed;
  try {
    signed = vouched(note, key);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    fail(SHOWN, error.message);
    return last ?? claimed(log, note.text);
  }
  if (last && !new Tiles(log.folder, signed.size).extends(last, signed))
    fail(SHOWN, `it does not extend the ${last.size} captures that were signed for last: it was put back, or its writer was killed before it showed what it signed`);
  return signed;
}

function claimed(log, text) {
  try {
    const found = parseCheckpoint(text);
    return new Tiles(log.folder, found.size).root().equals(found.root) ? found : null;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** The leaves of a log, and every way to a root that the files offer; the one that was signed decides which of them is true. */
class Leaves {
  constructor(log, signed, report, captures) {
    Object.assign(this, { log, signed, report, captures, tiles: new Tiles(log.folder, signed.size), rows: [], wrong: new Set(), highest: -1 });
    this.seen = captures ? Buffer.alloc(captures.count) : null;
    if (!captures) report.whyNot([14], "there are no captures to hold the log against");
  }
  path(level, index) {
    return `log/${tileName(level, index, tileWidth(this.signed.size, level === "entries" ? 0 : level, index))}`;
  }
  fail(number, subject, why) {
    this.wrong.add(subject);
    this.report.fail(number, subject, why);
  }
  /** A row of a tile, or the leaf hashes of a bundle; null, and told, where it cannot be read. */
  tried(number, subject, read) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.fail(number, subject, error.message);
      return null;
    }
  }
  bundles() {
    const { tiles, report, signed } = this;
    for (let n = 0, gone = 0; n < Math.ceil(signed.size / WIDTH) && gone <= GONE; n++) {
      const wide = tileWidth(signed.size, 0, n);
      report.looked(11, wide);
      report.looked(12);
      const stored = this.tried(12, this.path(0, n), () => tiles.hashes(0, n));
      const entries = this.tried(11, this.path("entries", n), () => tiles.entries(n));
      const made = entries && entries.map(leafHash);
      gone = made || stored ? 0 : gone + 1;
      const differ = made && stored && !alike(made, stored) ? differs(n, made, stored) : null;
      const full = made?.length === wide;
      this.rows.push({ made: full ? over(made) : null, stored: stored && over(stored), above: null, differ });
      this.meant(n * WIDTH, wide, entries, made, stored, full);
    }
  }
  /** (14): which captures the leaves of a bundle are. An entry that (11) tells of is asked for nothing more. */
  meant(first, wide, entries, made, stored, full) {
    if (!this.captures) return;
    if (!made || (stored && !full)) {
      for (let seq = first; seq < Math.min(first + wide, this.seen.length); seq++) this.seen[seq] = 1;
      this.highest = Math.max(this.highest, first + wide - 1);
      return;
    }
    for (let at = 0; at < made.length; at++) {
      const seq = first + at;
      if (this.captures.has(seq) && this.captures.hasLeaf(seq, made[at]) && !this.seen[seq]) {
        this.seen[seq] = 1;
        this.highest = Math.max(this.highest, seq);
        this.report.looked(14);
      } else if (stored && !made[at].equals(stored[at])) {
        if (seq < this.seen.length) this.seen[seq] = 1;
      } else this.leaf(seq, entries[at]);
    }
  }
  leaf(at, octets) {
    const { captures, report } = this;
    const subject = `log leaf ${at}`;
    let said;
    try {
      const read = json(octets);
      said = read.value;
      const keys = said && typeof said === "object" ? Object.keys(said).sort().join() : "";
      if (!read.spelled || keys !== "at,manifest,outcome,seq,v" || said.v !== 1 || !SHA256.test(said.manifest) || !Number.isSafeInteger(said.seq))
        throw new Refused("not the keys or the spelling of an entry");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      report.fail(11, subject, `not an entry of version 1: ${error.message}`);
      return;
    }
    report.looked(14);
    this.highest = Math.max(this.highest, said.seq);
    if (!captures.has(said.seq)) report.fail(14, subject, `it is of capture ${said.seq}, which is not in the archive: it was deleted, or put back`);
    else if (this.seen[said.seq]) report.fail(14, subject, `capture ${captures.id(said.seq)} (${said.seq}) has another leaf already`);
    else {
      this.seen[said.seq] = 1;
      if (!captures.hasLeaf(said.seq, leafHash(octets))) report.fail(14, `capture ${captures.id(said.seq)}`, `it is not what leaf ${at} was logged as: ${octets}`);
    }
  }
  /** (12), and who is wrong where entries, leaf hashes and the hashes above them differ. */
  judge() {
    const { rows, report, signed, tiles } = this;
    const [full, invented] = [Math.floor(signed.size / WIDTH), rows.length < Math.ceil(signed.size / WIDTH)];
    for (let m = 0; m * WIDTH < Math.min(full, rows.length); m++) {
      report.looked(12);
      const row = this.tried(12, this.path(1, m), () => tiles.hashes(1, m));
      row?.forEach((each, at) => {
        if (rows[m * WIDTH + at]) rows[m * WIDTH + at].above = each;
      });
    }
    const truth = invented ? null : this.truth(full);
    for (let n = 0; n < rows.length; n++) {
      const { made, stored, above, differ } = rows[n];
      const is = truth ? truth[n] : majority(rows[n]);
      const [entries, tile] = [this.path("entries", n), this.path(0, n)];
      if (differ && !(is && same(made, is))) this.fail(11, entries, differ.entries);
      if (differ && !(is && same(stored, is))) this.fail(12, tile, differ.tile);
      if (!differ && is && stored && !stored.equals(is)) {
        this.wrong.add(tile);
        this.fail(11, entries, "entries and leaf hashes were changed together");
      }
      const up = this.path(1, Math.floor(n / WIDTH));
      if (n < full && is && above && !above.equals(is) && !this.wrong.has(up)) this.fail(12, up, `hash ${n % WIDTH} is not that of ${tileName(0, n)}`);
    }
    if (!invented) this.upper((truth ?? rows.map(majority)).slice(0, full));
    if (!truth && !report.failed(11) && !report.failed(12)) {
      for (const level of [0, "entries"]) this.wrong.add(this.path(level, Math.ceil(signed.size / WIDTH) - 1));
      this.fail(13, SHOWN, `its root is not the one of the ${signed.size} leaves that are there`);
    }
  }
  /** Hashes of the subtrees of 256 leaves, and of what is behind them, that lead to the root that was signed; or null. */
  truth(full) {
    const { rows, signed } = this;
    const edges = rows.length > full ? [(row) => row.made ?? row.stored, (row) => row.stored ?? row.made] : [majority];
    const ways = [majority, (row) => row.made ?? majority(row), (row) => row.stored ?? majority(row), (row) => row.above ?? majority(row)];
    for (const way of ways)
      for (const edge of edges) {
        const found = rows.map((row, n) => (n < full ? way(row) : edge(row)));
        if (found.every(Boolean) && over(found).equals(signed.root)) return found;
      }
    return null;
  }
  /** Tiles of level 2 and above against the hashes below them. */
  upper(below) {
    for (let level = 2, row = below; row.length >= WIDTH; level++) {
      const next = [];
      for (let at = 0; at + WIDTH <= row.length; at += WIDTH) next.push(over(row.slice(at, at + WIDTH)));
      for (let m = 0; m * WIDTH < next.length; m++) {
        this.report.looked(12);
        const stored = this.tried(12, this.path(level, m), () => this.tiles.hashes(level, m));
        const at = stored ? stored.findIndex((each, j) => !each.equals(next[m * WIDTH + j])) : -1;
        if (at >= 0) this.fail(12, this.path(level, m), `hash ${at} is not that of ${tileName(level - 1, m * WIDTH + at)}`);
      }
      row = next;
    }
  }
  /** Nothing else lies among the tiles; partial tiles that were kept begin as the tile that took their place. */
  files() {
    const walk = (folder) => (fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : []).flatMap((each) => (each.isDirectory() ? walk(path.join(folder, each.name)) : [path.join(folder, each.name)]));
    for (const file of walk(path.join(this.log.folder, "tile")).sort()) {
      const name = path.relative(this.log.folder, file).split(path.sep).join("/");
      const match = TILE.exec(name);
      if (!match) this.fail(12, `log/${name}`, "no tile has this name");
      else if (match[3] && !match[4]) this.partial(file, name, match);
    }
  }
  partial(file, name, [, level, digits, width]) {
    const index = Number(digits.replace(/[x/]/g, ""));
    const wide = tileWidth(this.signed.size, level === "entries" ? 0 : Number(level), index);
    if (wide === 0 || wide === Number(width) || this.wrong.has(this.path(level, index))) return; // beyond what is signed, or told of
    let is;
    try {
      is = level === "entries" ? Buffer.concat(this.tiles.entries(index).flatMap((entry) => [Buffer.of(entry.length >> 8, entry.length & 255), entry])) : Buffer.concat(this.tiles.hashes(Number(level), index));
    } catch (error) {
      if (error instanceof Refused) return; // told already
      throw error;
    }
    this.report.looked(12);
    const was = contents(file, LARGEST_BUNDLE) ?? EMPTY;
    const short = level !== "entries" && was.length !== Number(width) * 32;
    if (short || !is.subarray(0, was.length).equals(was.subarray(0, is.length))) this.fail(12, `log/${name}`, "it does not begin as the tile that is signed");
  }
  /** Captures without a leaf: behind the last leaf they wait, before it they are missed. */
  missing() {
    if (!this.captures) return;
    let waiting = 0;
    for (let seq = 0; seq < this.captures.count; seq++) {
      if (this.seen[seq] || !this.captures.has(seq)) continue;
      if (seq > this.highest) waiting++;
      else this.report.fail(14, `capture ${this.captures.id(seq)}`, `it (${seq}) has no leaf, and later ones have`);
    }
    if (waiting) this.report.skip(14, "log", `${waiting} captures behind the last leaf wait to be logged`);
  }
}

const alike = (one, other) => one.length === other.length && one.every((each, at) => each.equals(other[at]));

/** What two of the three say that know a subtree's hash; else what any of them says. */
function majority({ made, stored, above }) {
  if (same(made, stored) || same(made, above)) return made;
  if (same(stored, above)) return stored;
  return made && stored && !above ? null : above ?? made ?? stored;
}

/** How the entries of a bundle differ from what was logged. */
function differs(n, made, stored) {
  let at = 0;
  while (made[at] && stored[at] && made[at].equals(stored[at])) at++;
  const leaf = n * WIDTH + at;
  const sorted = (hashes) => hashes.map(hex).sort().join();
  let entries = `leaf ${leaf} is not the entry that was logged`;
  if (alike(made.slice(at), stored.slice(at + 1))) entries = `leaf ${leaf} was deleted`;
  else if (alike(made.slice(at + 1), stored.slice(at))) entries = `an entry was inserted at leaf ${leaf}`;
  else if (sorted(made) === sorted(stored)) entries = `the entries stand in another order, from leaf ${leaf} on`;
  return { entries, tile: `hash ${at} is not that of leaf ${leaf}` };
}

// ------------------------------------------------------------------------------------------------ DER

/** One element: tag octet, content, the octets of it all. Definite lengths only. Raises Refused. */
class Der {
  constructor(octets, at = 0) {
    const cut = () => {
      throw new Refused("it is no DER: it is cut off");
    };
    if (at + 2 > octets.length) cut();
    this.tag = octets[at];
    if ((this.tag & 31) === 31) throw new Refused("it is no DER: a tag of more than one octet");
    let [length, begin] = [octets[at + 1], at + 2];
    if (length & 128) {
      const count = length & 127;
      if (!count || count > 6 || begin + count > octets.length) throw new Refused("it is no DER: a length that is not known or too long");
      length = octets.readUIntBE(begin, count);
      begin += count;
    }
    if (begin + length > octets.length) cut();
    this.raw = octets.subarray(at, begin + length);
    this.body = octets.subarray(begin, begin + length);
  }
  get kids() {
    const found = [];
    for (let at = 0; at < this.body.length; at += found[found.length - 1].raw.length) found.push(new Der(this.body, at));
    return found;
  }
  /** The element, if it has this tag. Raises Refused. */
  as(tag) {
    if (this.tag !== tag) throw new Refused(`it is no DER as expected: tag ${this.tag.toString(16)} where ${tag.toString(16)} should be`);
    return this;
  }
  get oid() {
    this.as(6);
    const parts = [];
    let value = 0;
    for (const octet of this.body) {
      value = value * 128 + (octet & 127);
      if (octet & 128) continue;
      if (parts.length) parts.push(value);
      else parts.push(Math.min(2, Math.floor(value / 40)), value - 40 * Math.min(2, Math.floor(value / 40)));
      value = 0;
    }
    return parts.join(".");
  }
  get number() {
    this.as(2);
    return this.body.length ? BigInt.asIntN(8 * this.body.length, BigInt(`0x${hex(this.body)}`)) : 0n;
  }
  /** UTCTime or GeneralizedTime, spelled as in a journal. Raises Refused. */
  get time() {
    const text = this.body.toString("latin1");
    const form = this.tag === 0x17 ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,](\d+))?Z$/;
    const match = [0x17, 0x18].includes(this.tag) && form.exec(text);
    if (!match) throw new Refused(`it is no time: ${JSON.stringify(text.slice(0, 40))}`);
    const year = this.tag === 0x18 ? match[1] : `${Number(match[1]) < 50 ? 20 : 19}${match[1]}`;
    return `${year}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}.${(match[7] ?? "").padEnd(6, "0").slice(0, 6)}Z`;
  }
}

const whole = (octets) => {
  const found = new Der(octets);
  if (found.raw.length !== octets.length) throw new Refused("octets follow its end");
  return found;
};

// ------------------------------------------------------------------------------------------------ certificates (RFC 5280)

const HASHES = {
  "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.4": "sha224", "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};
const SIGNATURES = {
  "1.2.840.113549.1.1.5": "sha1", "1.2.840.113549.1.1.14": "sha224", "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512", "1.2.840.10045.4.1": "sha1", "1.2.840.10045.4.3.1": "sha224", "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512",
};
const [ED25519, ED448, PSS] = ["1.3.101.112", "1.3.101.113", "1.2.840.113549.1.1.10"];

/** Does a signature hold? algorithm: AlgorithmIdentifier; digest: for those that do not name one. */
function signed(algorithm, spki, octets, signature, digest = null) {
  const [oid, parameters] = algorithm.as(0x30).kids;
  try {
    const key = crypto.createPublicKey({ key: spki, format: "der", type: "spki" });
    if (oid.oid === ED25519 || oid.oid === ED448) return crypto.verify(null, octets, key, signature);
    if (oid.oid === PSS) {
      const fields = new Map((parameters?.kids ?? []).map((each) => [each.tag & 31, each.kids[0]]));
      const name = fields.has(0) ? HASHES[fields.get(0).kids[0].oid] : "sha1";
      const saltLength = fields.has(2) ? Number(fields.get(2).number) : 20;
      return name !== undefined && crypto.verify(name, octets, { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength }, signature);
    }
    const named = SIGNATURES[oid.oid] ?? (["1.2.840.113549.1.1.1", "1.2.840.10045.2.1"].includes(oid.oid) ? digest : null);
    return Boolean(named) && crypto.verify(named, octets, key, signature);
  } catch {
    return false; // a key or a signature that cannot be read
  }
}

class Certificate {
  constructor(der) {
    this.raw = Buffer.from(der);
    try {
      new crypto.X509Certificate(this.raw); // what others cannot read is no certificate, whatever is read of it here
    } catch {
      throw new Refused("a certificate cannot be read");
    }
    const [tbs, algorithm, signature] = whole(this.raw).as(0x30).kids;
    const parts = tbs.as(0x30).kids;
    if (parts[0].tag === 0xa0) parts.shift();
    const [serial, , issuer, validity, subject, spki, ...rest] = parts;
    Object.assign(this, { tbs, algorithm, serial: serial.number, issuer: issuer.raw, subject: subject.raw, spki: spki.raw });
    this.signature = signature.as(3).body.subarray(1);
    [this.begins, this.ends] = validity.kids.map((each) => each.time);
    const list = rest.find((each) => each.tag === 0xa3)?.kids[0].kids ?? [];
    this.extensions = new Map(
      list.map((each) => {
        const [oid, ...more] = each.kids;
        return [oid.oid, { critical: more.length > 1 && more[0].body[0] !== 0, value: more[more.length - 1].as(4).body }];
      }),
    );
    const basic = this.extensions.get("2.5.29.19");
    const constraints = basic ? whole(basic.value).kids : [];
    this.ca = constraints[0]?.tag === 1 && constraints[0].body[0] !== 0;
    this.pathLength = this.ca && constraints[1] ? Number(constraints[1].number) : Infinity;
    const usage = this.extensions.get("2.5.29.15");
    this.usage = usage ? whole(usage.value).as(3).body.subarray(1) : null; // bits: 0 digitalSignature, 1 nonRepudiation, 5 keyCertSign, 6 cRLSign
    const extended = this.extensions.get("2.5.29.37");
    this.purposes = extended ? whole(extended.value).kids.map((each) => each.oid) : null;
  }
  get name() {
    const strings = whole(this.subject).kids.flatMap((set) => set.kids.map((pair) => pair.kids[1].body.toString("utf8")));
    return strings.reverse().join(", ");
  }
  validAt(time) {
    return this.begins <= time && time <= this.ends; // spelled alike, they sort as times
  }
  maySign() {
    return this.ca && (this.usage === null || (this.usage[0] & 0x04) !== 0);
  }
  issued(other) {
    return other.issuer.equals(this.subject) && signed(other.algorithm, this.spki, other.tbs.raw, other.signature);
  }
  get isRoot() {
    return this.issuer.equals(this.subject) && this.issued(this);
  }
}

/** The certificates of a PEM text, whatever stands around them. Raises Refused. */
export function certificates(pem) {
  return [...pem.toString("latin1").matchAll(/-----BEGIN CERTIFICATE-----([^]*?)-----END CERTIFICATE-----/g)].map(([, text]) => new Certificate(Buffer.from(text, "base64")));
}

const KNOWN = ["2.5.29.15", "2.5.29.19", "2.5.29.37", "2.5.29.14", "2.5.29.35", "2.5.29.17", "2.5.29.18", "2.5.29.31", "2.5.29.32"];
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

/** From the certificate that signed to a self-signed root that is trusted, all valid at that time. Raises Refused. */
function chain(leaf, pool, roots, time) {
  const problem = purpose(leaf);
  if (problem) throw new Refused(problem);
  const trusted = (each) => roots.some((root) => root.raw.equals(each.raw)) && each.isRoot;
  let why = "it leads to no root that is trusted";
  const fits = (each) => {
    if (!each.validAt(time)) why = `the certificate of ${each.name} is not valid on ${time.slice(0, 10)}`;
    else if ([...each.extensions].some(([oid, { critical }]) => critical && !KNOWN.includes(oid))) why = `the certificate of ${each.name} has a critical extension that is not known`;
    else return true;
    return false;
  };
  const grown = (path) => {
    const last = path[path.length - 1];
    if (!fits(last)) return null;
    if (trusted(last)) return path;
    if (path.length >= 10) return null;
    for (const above of [...roots, ...pool]) {
      const between = path.slice(1).filter((each) => !each.subject.equals(each.issuer)).length;
      if (path.some((each) => each.raw.equals(above.raw)) || !above.subject.equals(last.issuer) || !above.maySign() || between > above.pathLength || !above.issued(last)) continue;
      const found = grown([...path, above]);
      if (found) return found;
    }
    return null;
  };
  const found = grown([leaf]);
  if (!found) throw new Refused(`it is not signed by who is trusted: ${why}`);
  return found;
}

/** RFC 3161, 2.3: one purpose, critical. What is wrong; null where nothing is. */
function purpose(leaf) {
  const extended = leaf.extensions.get("2.5.29.37");
  if (!extended?.critical || leaf.purposes.length !== 1 || leaf.purposes[0] !== TIME_STAMPING) return "the certificate that signed is not for time-stamping alone";
  const bits = leaf.usage && leaf.usage[0];
  if (leaf.usage && ((bits & ~0xc0) !== 0 || (bits & 0xc0) === 0 || leaf.usage[1])) return "the certificate that signed is not for signing alone";
  return null;
}

/** Since when a certificate is revoked by one of these lists; null where none says so. Raises Refused. */
export function revoked(leaf, lists, known) {
  for (const octets of lists) {
    const [tbs, algorithm, signature] = whole(octets).as(0x30).kids;
    const parts = tbs.as(0x30).kids;
    if (parts[0].tag === 2) parts.shift();
    const issuer = parts[1].raw;
    const holds = (each) => each.subject.equals(issuer) && signed(algorithm, each.spki, tbs.raw, signature.as(3).body.subarray(1));
    if (!known.some(holds)) throw new Refused("a list of revoked certificates is not signed by its issuer");
    if (!issuer.equals(leaf.issuer)) continue;
    const list = parts.slice(3).find((each, at) => each.tag === 0x30 && (at < 2 || each.kids[0]?.tag === 0x30));
    for (const entry of list?.kids ?? []) {
      const [serial, since] = entry.kids;
      if (serial.number === leaf.serial) return since.time;
    }
  }
  return null;
}

// ------------------------------------------------------------------------------------------------ tokens (RFC 3161, 5652, 5035)

const [SIGNED_DATA, TST_INFO, CONTENT_TYPE, MESSAGE_DIGEST, ESS, ESS_V2] = [
  "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.12",
  "1.2.840.113549.1.9.16.2.47",
];

/** What an answer states; nothing of it is to be believed before `holds`. extra: where its certificate may be. Raises Refused. */
export function openToken(reply, extra = []) {
  try {
    const [status, token] = whole(reply).as(0x30).kids;
    const granted = status.as(0x30).kids[0].number;
    if (granted !== 0n && granted !== 1n) throw new Refused(`the authority refused: status ${granted}`);
    if (!token) throw new Refused("it has no token");
    const [type, content] = token.as(0x30).kids;
    if (type.oid !== SIGNED_DATA) throw new Refused("it is no signed data");
    const [version, digests, inner, ...rest] = content.as(0xa0).kids[0].as(0x30).kids;
    const [kind, wrapped] = inner.as(0x30).kids;
    if (version.number !== 3n || kind.oid !== TST_INFO) throw new Refused("what is signed is no time-stamp");
    const octets = wrapped.as(0xa0).kids[0].as(4).body;
    const held = rest.filter((each) => each.tag === 0xa0).flatMap((each) => each.kids).map((each) => new Certificate(each.as(0x30).raw));
    const signers = rest[rest.length - 1].as(0x31).kids;
    if (signers.length !== 1) throw new Refused(`it has ${signers.length} signers; a token has one (RFC 3161, 2.4.2)`);
    const info = tstInfo(octets);
    const signer = signerInfo(signers[0]);
    if (!digests.as(0x31).kids.some((each) => HASHES[each.kids[0].oid] === signer.digest)) throw new Refused("it does not name the hash that it is signed over");
    const leaf = [...held, ...extra].find((each) => each.issuer.equals(signer.issuer) && each.serial === signer.serial);
    if (!leaf) throw new Refused("the certificate that signed it is neither in the answer nor at hand");
    return { ...info, octets, signer, leaf, held };
  } catch (error) {
    if (error instanceof TypeError) throw new Refused("no answer of a time-stamping authority: something of it is missing"); // an element that is not there
    throw error;
  }
}

function tstInfo(octets) {
  const [version, , imprint, , at, ...rest] = whole(octets).as(0x30).kids;
  if (version.number !== 1n) throw new Refused(`a time-stamp of version ${version.number}`);
  const [algorithm, digest] = imprint.as(0x30).kids;
  const name = HASHES[algorithm.kids[0].oid];
  if (!["sha256", "sha384", "sha512"].includes(name)) throw new Refused("its imprint is not of SHA-2");
  return { hash: name, imprint: digest.as(4).body, at: at.as(0x18).time, nonce: rest.find((each) => each.tag === 2)?.number ?? null };
}

function signerInfo(der) {
  const [, by, digest, attributes, algorithm, signature] = der.as(0x30).kids;
  const [issuer, serial] = by.as(0x30).kids;
  const values = new Map(attributes.as(0xa0).kids.map((each) => [each.kids[0].oid, each.kids[1].as(0x31).kids]));
  const named = HASHES[digest.as(0x30).kids[0].oid];
  if (!named) throw new Refused("it is signed over an unknown hash");
  // What is signed is the attributes as a SET OF, and not with the tag that they have here (RFC 5652, 5.4).
  const signedOver = Buffer.concat([Buffer.of(0x31), attributes.raw.subarray(1)]);
  return { issuer: issuer.raw, serial: serial.number, digest: named, values, signedOver, algorithm, signature: signature.as(4).body };
}

/** The token is signed by who is trusted, as of the time that it states (or `time`). Raises Refused. */
export function tokenHolds(token, roots, extra = [], time = token.at) {
  if (!roots.length) throw new Refused("no root certificate is trusted");
  const { signer, leaf } = token;
  const one = (oid) => (signer.values.get(oid)?.length === 1 ? signer.values.get(oid)[0] : null);
  if (one(CONTENT_TYPE)?.oid !== TST_INFO) throw new Refused("its signed content type is not that of a time-stamp");
  if (!one(MESSAGE_DIGEST)?.as(4).body.equals(hash(signer.digest, token.octets))) throw new Refused("its signed digest is not that of what it states");
  if (!signed(signer.algorithm, leaf.spki, signer.signedOver, signer.signature, signer.digest)) throw new Refused("its signature does not hold");
  const path = chain(leaf, [...token.held, ...extra], roots, time);
  for (const [oid, usual] of [[ESS, "sha1"], [ESS_V2, "sha256"]]) {
    const attribute = one(oid);
    if (attribute) essHolds(attribute.kids[0].kids, usual, path);
  }
  if (!one(ESS) && !one(ESS_V2)) throw new Refused("it does not say which certificate signed it (RFC 5035)");
  return path;
}

function essHolds(ids, usual, path) {
  ids.forEach((id, at) => {
    const parts = id.as(0x30).kids;
    const name = parts[0].tag === 0x30 ? HASHES[parts.shift().kids[0].oid] : usual;
    const is = (each) => name && hash(name, each.raw).equals(parts[0].as(4).body);
    if (at === 0 ? !is(path[0]) : !path.some(is)) throw new Refused("it names another certificate than the one that signed it (RFC 5035)");
  });
}

/** The token is of the request's octets and repeats its nonce. Raises Refused. */
function answers(token, asked) {
  const [, imprint, ...rest] = whole(asked).as(0x30).kids;
  if (!imprint.as(0x30).kids[1].as(4).body.equals(token.imprint)) throw new Refused("the request is over other octets");
  const nonce = rest.find((each) => each.tag === 2);
  if (nonce && nonce.number !== token.nonce) throw new Refused("it repeats another nonce than that of the request");
}

// ------------------------------------------------------------------------------------------------ OpenTimestamps

const OTS_MAGIC = Buffer.concat([Buffer.of(0), Buffer.from("OpenTimestamps"), Buffer.of(0, 0), Buffer.from("Proof"), Buffer.from("00bf89e2e884e89294", "hex")]);
const OTS_HASHES = { 2: ["sha1", 20], 3: ["ripemd160", 20], 8: ["sha256", 32], 0x67: ["keccak256", 32] };
const ATTESTATIONS = { "83dfe30d2ef90c8e": "pending", "0588960d73d71901": "bitcoin", "06869a0d73d71b45": "litecoin", "30fe8087b5c7ead7": "ethereum" };

class Reader {
  constructor(octets) {
    [this.octets, this.at] = [octets, 0];
  }
  take(count) {
    if (this.at + count > this.octets.length) throw new Refused("the proof is cut off");
    this.at += count;
    return this.octets.subarray(this.at - count, this.at);
  }
  number() {
    for (let [value, scale] = [0, 1]; ; scale *= 128) {
      const octet = this.take(1)[0];
      value += (octet & 127) * scale;
      if (!(octet & 128)) return value;
      if (scale > 2 ** 56) throw new Refused("a number of more than 64 bits");
    }
  }
  counted(most, least = 0) {
    const count = this.number();
    if (count < least || count > most) throw new Refused(`${count} octets where ${least} to ${most} may be`);
    return this.take(count);
  }
}

/** What a proof is over, and its attestations: kind, what is attested (null where it cannot be computed), height or address. Raises Refused. */
export function parseOts(octets) {
  if (octets.length > 256 * 1024) throw new Refused(`a proof of ${octets.length} octets`);
  const reader = new Reader(octets);
  if (octets.length < OTS_MAGIC.length || !reader.take(OTS_MAGIC.length).equals(OTS_MAGIC)) throw new Refused("no OpenTimestamps proof: its first octets are others");
  const version = reader.number();
  if (version !== 1) throw new Refused(`a proof of version ${version}; this verifier knows 1`);
  const kind = OTS_HASHES[reader.take(1)[0]];
  if (!kind) throw new Refused("the digest is by an unknown hash");
  const digest = reader.take(kind[1]);
  const attestations = [];
  otsPaths(reader, digest, 0, attestations);
  if (reader.at !== octets.length) throw new Refused(`${octets.length - reader.at} octets behind the end of the proof`);
  return { hash: kind[0], digest, attestations };
}

function otsPaths(reader, message, depth, found) {
  if (depth > 256) throw new Refused("more than 256 operations one after another");
  for (let more = true; more; ) {
    let tag = reader.take(1)[0];
    more = tag === 0xff;
    if (more) tag = reader.take(1)[0];
    if (tag === 0) {
      if (found.length >= 512) throw new Refused("more than 512 attestations");
      const kind = ATTESTATIONS[hex(reader.take(8))] ?? "unknown";
      const payload = new Reader(reader.counted(8192));
      const uri = kind === "pending" ? payload.counted(1000).toString("latin1") : null;
      if (uri !== null && !/^[A-Za-z0-9\-._/:]*$/.test(uri)) throw new Refused(`a calendar's address has other characters: ${JSON.stringify(uri.slice(0, 80))}`);
      found.push({ kind, message, uri, height: kind === "bitcoin" ? payload.number() : null });
    } else otsPaths(reader, otsResult(tag, reader, message), depth + 1, found);
  }
}

function otsResult(tag, reader, message) {
  const added = tag === 0xf0 || tag === 0xf1 ? reader.counted(4096, 1) : null;
  if (!added && tag !== 0xf2 && tag !== 0xf3 && !OTS_HASHES[tag]) throw new Refused(`an unknown operation, 0x${tag.toString(16)}`);
  if (message === null) return null;
  if (OTS_HASHES[tag]) {
    try {
      return hash(OTS_HASHES[tag][0], message);
    } catch {
      return null; // a hash that this machine cannot compute
    }
  }
  const result = tag === 0xf0 ? Buffer.concat([message, added]) : tag === 0xf1 ? Buffer.concat([added, message]) : tag === 0xf2 ? Buffer.from(message).reverse() : Buffer.from(hex(message));
  if (!result.length || result.length > 4096) throw new Refused(`a message of ${result.length} octets`);
  return result;
}

/** The block's Merkle root is what is attested, and somebody worked for its hash. Raises Refused. */
function blockHolds(message, header) {
  if (!header.subarray(36, 68).equals(message)) throw new Refused("the block's Merkle root is not what the proof leads to");
  const bits = header.readUInt32LE(72);
  const target = BigInt(bits & 0x7fffff) << BigInt(8 * Math.max(0, (bits >>> 24) - 3));
  const worked = BigInt(`0x${hex(Buffer.from(sha256(sha256(header))).reverse())}`);
  if (worked > target) throw new Refused("the block's hash does not meet its own target: nobody worked for it");
}

// ------------------------------------------------------------------------------------------------ (15)

const LARGEST_STAMP = 16 << 20;
const JOURNALLED = /^(\d{12}|renewals\/\d{4})\/[a-z0-9][a-z0-9.-]*$/;
const JOURNAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** The lines of a journal of stamps, each with its digest. Raises Refused: of which line, and why. */
export function journal(octets) {
  const lines = [];
  let previous = "0".repeat(64);
  let begin = 0;
  for (let end = octets.indexOf(10); end >= 0; begin = end + 1, end = octets.indexOf(10, begin)) {
    const line = octets.subarray(begin, end);
    const bad = (why) => {
      throw new Refused(`not a line of the journal: line ${lines.length + 1}: ${why}`);
    };
    let read;
    try {
      read = json(line);
    } catch (error) {
      bad(error.message);
    }
    const said = read.value;
    if (said === null || typeof said !== "object" || Object.keys(said).sort().join() !== "at,ends,file,previous,sha256,states") bad("not the keys of a line");
    if (!read.spelled) bad("not spelled as canonical JSON");
    if (typeof said.file !== "string" || !JOURNALLED.test(said.file) || !SHA256.test(said.sha256)) bad("no name of a file here, or no digest");
    if (!JOURNAL_TIME.test(said.at) || [said.ends, said.states].some((time) => time !== null && !JOURNAL_TIME.test(time))) bad("not the spelling of a time");
    if (said.previous !== previous) bad("it does not follow on the line before");
    previous = hex(sha256(line));
    lines.push({ ...said, digest: previous, folder: said.file.slice(0, said.file.lastIndexOf("/")), name: said.file.slice(said.file.lastIndexOf("/") + 1) });
  }
  return lines;
}

/**
 * The stamps of one log. read(file): octets below log/stamps, null where there are none; files: the names that lie there;
 * begins(checkpoint): null where the log begins with it, else why not; only: folders that must be there, null for all.
 */
export class Stamps {
  constructor({ report, trust, key, read, files, begins, only = null, now = new Date().toISOString().replace("Z", "000Z") }) {
    Object.assign(this, { report, trust, key, read, files, begins, only, now, renewals: [], lines: [] });
  }
  fail(file, why) {
    this.report.fail(15, `log/stamps/${file}`, why);
  }
  /** Runs `act`; what it refuses is a failure of that file. */
  tried(file, act) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.fail(file, error.message);
      return null;
    }
  }
  check(octets, last = null) {
    this.lines = this.tried("journal", () => journal(octets)) ?? [];
    if (last && !this.lines.some((line) => line.digest === last)) this.fail("journal", "it does not hold what was added last: it was put back, or cut");
    if (!this.lines.length) return;
    const wanted = (line) => !this.only || this.only(line.folder);
    for (const line of this.lines.filter(wanted)) {
      const held = this.tried(line.file, () => this.read(line.file));
      if (held === null) this.fail(line.file, "the journal names this file, and it is not there");
      else if (hex(sha256(held)) !== line.sha256) this.fail(line.file, `it hashes to ${hex(sha256(held))}; kept: ${line.sha256}`);
      else line.sound = true;
    }
    const named = new Set(this.lines.filter(wanted).map((line) => line.file));
    const newest = this.lines.map((line) => line.folder).sort().pop();
    for (const file of this.files()) {
      if (named.has(file) || file === "journal" || file.endsWith(".new")) continue;
      if (!this.only && file.slice(0, file.lastIndexOf("/")) > newest) this.report.skip(15, `log/stamps/${file}`, "no line of the journal names it yet: a kill left it");
      else this.fail(file, "no line of the journal names this file");
    }
    for (const folder of new Set(this.lines.filter(wanted).reverse().map((line) => line.folder))) this.folder(folder); // renewals first
  }
  folder(folder) {
    const held = new Map(this.lines.filter((line) => line.folder === folder && line.sound).map((line) => [line.name, line]));
    const over = held.get(/^\d/.test(folder) ? "checkpoint" : "renewal");
    if (!over) return; // told of, and nothing more can be said
    const subject = this.read(over.file);
    const why = /^\d/.test(folder) ? this.checkpoint(subject, Number(folder)) : this.renewal(subject);
    if (why) {
      this.fail(over.file, why);
      return;
    }
    for (const line of held.values()) if (line.name.endsWith(".tsr")) this.token(folder, line, subject, held);
    const proofs = [...held.keys()].filter((name) => name.endsWith(".ots")).sort();
    if (proofs.length) this.proof(held.get(proofs[proofs.length - 1]), subject);
  }
  checkpoint(octets, size) {
    try {
      const said = vouched(parseNote(octets), this.key);
      if (said.size !== size) return `it is of ${said.size} leaves, and lies where one of ${size} should`;
      return this.begins(said);
    } catch (error) {
      if (error instanceof Refused) return error.message;
      throw error;
    }
  }
  renewal(octets) {
    const match = /^kartoteka renewal\n([1-9]\d*)\n([0-9a-f]{64})\n$/.exec(octets.toString("latin1"));
    return match && this.lines[Number(match[1]) - 1]?.digest === match[2] ? null : "it is not of the lines of this journal";
  }
  token(folder, line, subject, held) {
    const { report, trust } = this;
    const name = line.name.replace(/\.tsr$/, "");
    const where = `log/stamps/${line.file}`;
    const beside = (test) => [...held.values()].filter((each) => test(each.name)).map((each) => this.read(each.file));
    this.tried(line.file, () => {
      const extra = beside((each) => each === `${name}.pem`).flatMap(certificates);
      const token = openToken(this.read(line.file), extra);
      if (line.states !== token.at || line.ends !== token.leaf.ends) throw new Refused(`it states ${token.at}, and the journal has ${line.states}`);
      if (!hash(token.hash, subject).equals(token.imprint)) throw new Refused("it is a token over other octets");
      if (!trust.roots.length) {
        report.skip(15, where, `${token.leaf.name} states ${token.at}; no root is trusted here`);
        return;
      }
      const [asked] = beside((each) => each === `${name}.tsq`);
      if (asked) answers(token, asked);
      tokenHolds(token, trust.roots, extra);
      const since = revoked(token.leaf, this.lists(name, line), [...token.held, ...extra, ...trust.roots]);
      if (since !== null && since <= token.at) throw new Refused(`its certificate was revoked on ${since.slice(0, 10)}, before it signed`);
      if (!/^\d/.test(folder)) this.renewals.push([Number(subject.toString("latin1").split("\n")[1]), token.at]);
      const number = this.lines.indexOf(line);
      if (token.leaf.ends < this.now && !this.renewals.some(([count, at]) => number < count && at <= token.leaf.ends))
        report.skip(15, where, `its certificate ended on ${token.leaf.ends.slice(0, 10)}, and nothing renewed it before: it held until then`);
      else report.looked(15);
    });
  }
  /** Lists of those whom the issuer of an authority had revoked: of the token's own day, and the newest. */
  lists(name, token) {
    const kept = this.lines.filter((line) => (!this.only || this.only(line.folder)) && /^(.*)\.\d+\.crl$/.exec(line.name)?.[1] === name);
    const asked = new Set([...kept.filter((line) => line.at <= token.at).slice(-1), ...kept.slice(-1)]);
    return [...asked].filter((line) => line.sound).map((line) => this.read(line.file));
  }
  proof(line, subject) {
    this.tried(line.file, () => {
      const proof = parseOts(this.read(line.file));
      if (proof.hash !== "sha256" || !proof.digest.equals(sha256(subject))) throw new Refused("it is a proof of other octets");
      const open = new Set();
      let proved = false;
      for (const { kind, message, uri, height } of proof.attestations) {
        const header = kind === "bitcoin" ? this.trust.block(height) : null;
        if (header && message) {
          blockHolds(message, header);
          proved = true;
        } else if (kind === "bitcoin") open.add(`it leads to Bitcoin block ${height}, whose header is not at hand`);
        else open.add(kind === "pending" ? `it is pending at ${uri}` : `it leads to an attestation of kind ${kind}`);
      }
      if (proved) this.report.looked(15);
      else this.report.skip(15, `log/stamps/${line.file}`, [...open].join("; ") || "it leads nowhere");
    });
  }
}

export function checkStamps(home, report, trust) {
  const log = new Log(home, trust);
  const folder = path.join(log.folder, "stamps");
  report.whyNot([15], "nothing was stamped");
  let [key, now, last] = [null, null, null];
  try {
    key = trust.vkey ?? log.key();
    last = key && trust.held(key.name, "stamped")?.toString("latin1").trim();
    now = log.checkpoint();
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // (13) tells
  }
  if (!fs.existsSync(folder) && !last) return;
  const read = (file) => contents(path.join(folder, file), LARGEST_STAMP);
  const walk = (below) => (fs.existsSync(path.join(folder, below)) ? fs.readdirSync(path.join(folder, below), { withFileTypes: true }) : []).flatMap((each) => (each.isDirectory() ? walk(`${below}${each.name}/`) : [`${below}${each.name}`]));
  const tiles = now && new Tiles(log.folder, now.size);
  const begins = (said) => (now && said.size > 0 && tiles.extends(said, now) ? null : `the log of ${now ? now.size : 0} captures does not begin with the ${said.size} that were stamped`);
  const stamps = new Stamps({ report, trust, key, read, files: () => walk("").sort(), begins });
  stamps.check(contents(path.join(folder, "journal"), 1 << 28) ?? EMPTY, last);
  const covered = Math.max(0, ...stamps.lines.filter((line) => line.states !== null && /^\d/.test(line.folder)).map((line) => Number(line.folder)));
  if (stamps.lines.length && now && now.size > covered) report.skip(15, "log", `${now.size - covered} captures have no stamp of an authority yet`);
}

export async function verifyHome(home, trust, tell, progress) {
  const report = new Report(tell);
  const captures = await checkFiles(home, report, progress);
  if (captures) {
    checkLog(home, report, captures, trust);
    checkStamps(home, report, trust);
  }
  report.sum((number) => (number > 10 ? "log" : home));
  return report.status;
}

// ------------------------------------------------------------------------------------------------ where a pack's files lie

const MOST_FILES = 200_000;
const LARGEST_LIST = 64 << 20;
const LONGEST_LINE_OF_ROWS = 16 << 20;
const PART = "[A-Za-z0-9_-][A-Za-z0-9._-]*";
const FILE_NAME = new RegExp(`^(?=.{1,200}$)${PART}(/${PART})*$`);

/** Files by name, in a folder; what is no plain file, and what has no name of a pack, is told and left alone. */
class Folder {
  constructor(root, report) {
    [this.root, this.files] = [root, new Map()];
    const walk = (below) => {
      for (const each of fs.readdirSync(path.join(root, below), { withFileTypes: true, encoding: "buffer" })) {
        const name = `${below}${each.name.toString("latin1")}`;
        if (this.files.size > MOST_FILES) return report.fail(1, "FILES", `more than ${MOST_FILES} files`);
        if (each.isDirectory() && FILE_NAME.test(name)) walk(`${name}/`);
        else if (!each.isFile() || !FILE_NAME.test(name)) report.fail(1, name, "no plain file with a name as those of a pack are");
        else this.files.set(name, fs.statSync(path.join(root, name)).size);
      }
    };
    walk("");
  }
  size(name) {
    return this.files.get(name);
  }
  open(name) {
    return new Source(path.join(this.root, name));
  }
}

/** Files by name, in a zip that is stored, plain and without a gap; what is not so is told, and nothing of it is unpacked. */
class Zip {
  constructor(file, report) {
    Object.assign(this, { file, report, files: new Map(), source: new Source(file) });
    try {
      this.entries();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      report.fail(1, "FILES", error.message);
    }
  }
  size(name) {
    return this.files.get(name)?.size;
  }
  open(name) {
    const { begin, size } = this.files.get(name);
    return new Source(this.file, begin, size);
  }
  /** The octets at a place, all of them, as a copy. Raises Refused. */
  octets(at, count) {
    const found = Buffer.alloc(count);
    if (at < 0 || fs.readSync(this.source.fd, found, 0, count, at) !== count) throw new Refused("the zip is cut off");
    return found;
  }
  end() {
    const size = this.source.size;
    if (size < 22) throw new Refused("it is no zip");
    const end = this.octets(size - 22, 22);
    if (end.readUInt32LE(0) !== 0x06054b50 || end.readUInt16LE(20)) throw new Refused("the zip does not end as a zip without a comment does");
    let [count, length, begin, behind] = [end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16), size - 22];
    if (end.readUInt16LE(4) || end.readUInt16LE(6) || end.readUInt16LE(8) !== count) throw new Refused("the zip is one of several");
    if (size >= 98 && this.octets(size - 42, 4).readUInt32LE(0) === 0x07064b50) {
      behind = Number(this.octets(size - 42, 20).readBigUInt64LE(8));
      const large = this.octets(behind, 56);
      if (large.readUInt32LE(0) !== 0x06064b50 || behind + 56 !== size - 42) throw new Refused("the zip's end is not as it must be");
      [count, length, begin] = [32, 40, 48].map((at) => Number(large.readBigUInt64LE(at)));
    }
    if (begin + length !== behind) throw new Refused("octets lie between the zip's listing and its end");
    if (count > MOST_FILES || length > LARGEST_LIST) throw new Refused(`a zip of ${count} entries`);
    return { count, length, begin };
  }
  entries() {
    const { count, length, begin } = this.end();
    const listing = this.octets(begin, length);
    let [at, next] = [0, 0]; // in the listing, and in the zip
    for (let number = 0; number < count; number++) {
      if (at + 46 > length || listing.readUInt32LE(at) !== 0x02014b50) throw new Refused(`entry ${number + 1} of the zip is not as it must be`);
      const fixed = listing.subarray(at, at + 46);
      const [named, added, said] = [28, 30, 32].map((each) => fixed.readUInt16LE(each));
      const name = listing.toString("latin1", at + 46, at + 46 + named);
      const extra = listing.subarray(at + 46 + named, at + 46 + named + added);
      at += 46 + named + added + said;
      if (at > length) throw new Refused(`entry ${number + 1} of the zip is cut off`);
      const sizes = large(extra, [fixed.readUInt32LE(24), fixed.readUInt32LE(20), fixed.readUInt32LE(42)]);
      const why = this.odd(fixed, name, said, sizes, next);
      if (why) this.report.fail(1, name, why);
      if (!sizes || sizes[2] !== next) throw new Refused(`${name.slice(0, 200)}: entries of the zip do not follow one another without a gap`);
      const local = this.local(next, fixed, name, sizes);
      const start = next + local;
      next = start + sizes[0];
      if (!why) this.files.set(name, { begin: start, size: sizes[0], crc: fixed.readUInt32LE(16) });
    }
    if (at !== length || next !== begin) throw new Refused("octets lie between the zip's entries and its listing");
  }
  /** What of an entry is not as those of a pack are; null where nothing is. */
  odd(fixed, name, said, sizes) {
    if (!FILE_NAME.test(name)) return "its name is not as those of a pack are: nothing is unpacked by it";
    if (this.files.has(name)) return "the zip has it twice";
    if (fixed.readUInt16LE(8) || fixed.readUInt16LE(10)) return "it is encrypted or packed, and not stored";
    if (fixed[5] !== 3 || fixed.readUInt16LE(12) !== 0 || fixed.readUInt16LE(14) !== 0x21) return "it is not dated 1980-01-01, or not of Unix";
    if (fixed.readUInt32LE(38) !== 0o100644 * 65536) return "it is no plain file of mode 0644";
    if (said || !sizes || sizes[0] !== sizes[1]) return "it has a comment, more fields, or two sizes";
    if (!VERSIONS.includes(fixed[4]) || !VERSIONS.includes(fixed.readUInt16LE(6))) return "it asks for another version of zip than 2.0 or 4.5";
    if (fixed.readUInt16LE(34) || fixed.readUInt16LE(36)) return "it lies on another disk, or says that it is a text";
    return null;
  }
  /** Octets of an entry's own header, which says the same as the listing. Raises Refused. */
  local(at, fixed, name, sizes) {
    const head = this.octets(at, 30);
    const [named, added] = [head.readUInt16LE(26), head.readUInt16LE(28)];
    const rest = this.octets(at + 30, named + added);
    const own = large(rest.subarray(named), [head.readUInt32LE(22), head.readUInt32LE(18)]);
    const alike = head.readUInt32LE(0) === 0x04034b50 && VERSIONS.includes(head.readUInt16LE(4)) && head.subarray(6, 18).equals(fixed.subarray(8, 20)) && rest.toString("latin1", 0, named) === name;
    if (!alike || !own || own[0] !== sizes[0] || own[1] !== sizes[1]) throw new Refused(`${name.slice(0, 200)}: its own header says something else than the zip's listing`);
    return 30 + named + added;
  }
}

/** What an entry may ask of who opens it: as of zip, and of zip64. */
const VERSIONS = [20, 45];

/** Sizes and offset, out of zip64's field where there is one; null where another field is there. */
function large(extra, values) {
  if (!extra.length) return values;
  if (extra.length < 4 || extra.readUInt16LE(0) !== 1 || extra.readUInt16LE(2) !== extra.length - 4) return null;
  let at = 4;
  const found = values.map((value) => {
    if (value !== 0xffffffff) return value;
    at += 8;
    return at <= extra.length ? Number(extra.readBigUInt64LE(at - 8)) : NaN;
  });
  return at === extra.length && found.every(Number.isSafeInteger) ? found : null;
}

// ------------------------------------------------------------------------------------------------ packs

const PACK_CHECKS = [[6, "6 sequence"], [12, "12 log paths"], [16, "16 signature"], [17, "17 report"]];
const PACK_COUNTED = { 6: "lines and captures", 8: "lines of members", 12: "paths", 16: "signature", 17: "values of the report" };
const TABLES = ["cases", "persons", "events", "observations", "coverage", "takedowns"];
const UUID_PART = UUID.source.slice(1, -1);
const MAY_BE = new RegExp(
  `^(README\\.txt|pack\\.json|members|warc/${PART}|captures/${UUID_PART}\\.(json|tlog-proof)|log/(checkpoint|vkey|consistency/\\d{12}|stamps/(journal|\\d{12}/${PART}|renewals/\\d{4}/${PART}))|report/report\\.(html|jsonl)|ledger/(${TABLES.join("|")})\\.jsonl)$`,
);
const MUST_BE = ["README.txt", "report/report.html", ...TABLES.map((table) => `ledger/${table}.jsonl`)];
const PACK_KEYS = "as_of,captures,case,checkpoint,head,kind,signed,software,stamped,v";
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;
const instant = (text) => {
  const match = INSTANT.exec(text ?? "");
  return match && `${match[1]}.${(match[2] ?? "").padEnd(6, "0")}`;
};
const below = (a, b) => (a < b ? -1 : a > b ? 1 : 0); // ASCII sorts by its octets

/** One pack, and what is known of it so far. */
class Pack {
  constructor(place, report, trust) {
    Object.assign(this, { place, report, trust, told: null, rows: [], manifests: new Map(), payloads: new Map(), checkpoint: null, key: null, sources: new Map() });
  }
  names(pattern) {
    return [...this.place.files.keys()].filter((name) => pattern.test(name)).sort(below);
  }
  /** A small file; null where it is not there. Raises Refused. */
  read(name, most) {
    const size = this.place.size(name);
    if (size === undefined) return null;
    if (size > most) throw new Refused(`it has ${size} octets, and may have ${most}`);
    const source = this.place.open(name);
    const found = Buffer.concat([...source.pieces(0, size)].map((piece) => Buffer.from(piece)));
    source.close();
    return found;
  }
  /** Runs `act`; what it refuses is a failure of that check on that subject, and null. */
  tried(number, subject, act) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.report.fail(number, subject, error.message);
      return null;
    }
  }
  async check() {
    this.listed();
    this.key = this.keys();
    this.head();
    this.signature();
    this.description();
    this.table();
    this.captures();
    await this.records();
    this.against();
    this.bodies();
    this.consistency();
    this.stamps();
    this.ledger();
    this.reported();
  }

  // -- (1) files

  listed() {
    const { report, place } = this;
    const list = this.tried(1, "FILES", () => this.read("FILES", LARGEST_LIST));
    if (!list) report.fail(1, "FILES", "it is missing, or cannot be read");
    const [named, lines] = [new Map(), (list ?? EMPTY).toString("latin1").split("\n")];
    let spelled = lines.pop() === "";
    let last = "";
    for (const line of lines) {
      const match = /^([0-9a-f]{64}) (0|[1-9]\d{0,15}) (\S+)$/.exec(line);
      spelled = spelled && Boolean(match) && FILE_NAME.test(match[3]) && match[3] > last && !["FILES", "signature"].includes(match[3]);
      if (match) [last] = [match[3], named.set(match[3], [match[1], Number(match[2])])];
    }
    if (list && !spelled) report.fail(1, "FILES", "it is not spelled as a list of files, sorted by name, is");
    for (const [name, [digest, size]] of named) {
      report.looked(1);
      if (!MAY_BE.test(name)) report.fail(1, name, "no file of a pack has this name");
      if (place.size(name) === undefined) report.fail(1, name, "it is listed, and it is not there");
      else this.digested(name, digest, size);
    }
    for (const name of place.files.keys()) if (!named.has(name) && name !== "FILES" && name !== "signature") report.fail(1, name, "it is there, and not listed");
    for (const name of MUST_BE) if (place.size(name) === undefined) report.fail(1, name, "it is missing");
    if (place instanceof Zip) {
      const wanted = [...named.keys(), "FILES", "signature"].filter((name) => place.files.has(name));
      const is = [...place.files.keys()].filter((name) => wanted.includes(name));
      if (is.some((name, at) => name !== wanted[at])) report.fail(1, "FILES", "the zip has the files in another order");
      for (const name of ["FILES", "signature"]) if (place.files.has(name)) this.digested(name, null, place.size(name));
    }
    this.list = list;
  }
  digested(name, digest, size) {
    const [source, is] = [this.place.open(name), crypto.createHash("sha256")];
    let crc = 0;
    for (const piece of source.pieces(0, source.size)) {
      is.update(piece);
      if (this.place instanceof Zip) crc = crc32(piece, crc);
    }
    source.close();
    const found = is.digest("hex");
    if (digest !== null && (found !== digest || source.size !== size)) this.report.fail(1, name, `${source.size} octets that hash to ${found}; listed: ${size} octets, ${digest}`);
    if (this.place instanceof Zip && crc !== this.place.files.get(name).crc) this.report.fail(1, name, "the zip has another check sum for it");
  }

  // -- (13) the key and the head, (16) who signed the list, and what the pack says of itself

  keys() {
    const { report, trust } = this;
    const own = this.tried(13, "log/vkey", () => {
      const octets = this.read("log/vkey", LONGEST_NOTE);
      if (!octets) throw new Refused("it is missing");
      const key = verifierKey(utf8(octets));
      if (`${key.text}\n` !== utf8(octets)) throw new Refused("it is not one line");
      return key;
    });
    if (!trust.vkey) report.skip(13, "log/vkey", "no key was given: all signatures are held against the one in the pack");
    else if (own && own.text !== trust.vkey.text) report.fail(13, "log/vkey", `it is not the key that was given: ${trust.vkey.text}`);
    return trust.vkey ?? own;
  }
  head() {
    this.note = this.tried(13, "log/checkpoint", () => this.read("log/checkpoint", LONGEST_NOTE));
    this.report.looked(13);
    if (!this.note) return this.report.fail(13, "log/checkpoint", "it is missing");
    this.tried(13, "log/checkpoint", () => {
      const note = parseNote(this.note);
      this.checkpoint = parseCheckpoint(note.text);
      vouched(note, this.key);
    });
  }
  signature() {
    const { report } = this;
    const octets = this.tried(16, "signature", () => this.read("signature", LONGEST_NOTE));
    const signed = this.tried(1, "pack.json", () => json(this.read("pack.json", LARGEST_LIST) ?? Buffer.from("{}")).value?.signed);
    if (!octets) {
      if (signed === false) report.whyNot([16], "the maker of the pack had no key: it says so itself");
      else report.fail(16, "signature", "it is missing, and the pack says that it is signed");
      return;
    }
    report.looked(16);
    this.tried(16, "signature", () => {
      const note = parseNote(octets);
      signedBy(note, this.key);
      if (note.text !== `kartoteka pack v1\n${hex(sha256(this.list ?? EMPTY))}\n`) throw new Refused("it is of another list of files");
    });
  }
  description() {
    const { report, checkpoint } = this;
    this.tried(1, "pack.json", () => {
      const octets = this.read("pack.json", LARGEST_LIST);
      if (!octets) throw new Refused("it is missing");
      const { value: told, spelled } = json(octets.subarray(0, -1));
      if (!spelled || octets[octets.length - 1] !== 10 || told === null || typeof told !== "object" || Object.keys(told).sort().join() !== PACK_KEYS)
        throw new Refused("it is not as it must be: canonical JSON with its ten keys");
      report.looked(10);
      if (told.v !== 1) report.fail(10, "pack.json", `a pack of version ${JSON.stringify(told.v)}; this verifier knows 1`);
      const lists = Array.isArray(told.captures) && Array.isArray(told.stamped) && told.captures.every((id) => UUID.test(id)) && told.stamped.every(Number.isSafeInteger);
      if (told.kind !== "kartoteka pack" || !lists || typeof told.checkpoint !== "object") throw new Refused("it does not say what it is of");
      this.told = told;
      const head = { origin: checkpoint?.origin, root: checkpoint && hex(checkpoint.root), size: checkpoint?.size };
      if (checkpoint && canonical(told.checkpoint) !== canonical(head)) report.fail(1, "pack.json", "its checkpoint is not that of log/checkpoint");
      const held = this.names(/^captures\/.*\.json$/).map((name) => name.slice(9, -5));
      if ([...told.captures].sort().join() !== held.join()) report.fail(1, "pack.json", "its captures are not those that are there");
      if (told.stamped.some((size, at) => at && size <= told.stamped[at - 1])) throw new Refused("its stamped checkpoints are not in order");
      const folders = new Set(this.names(/^log\/(stamps|consistency)\/\d{12}/).map((name) => Number(name.split("/")[2])));
      if ([...folders].some((size) => !told.stamped.includes(size)) || told.stamped.some((size) => !folders.has(size))) report.fail(1, "pack.json", "its stamped checkpoints are not those that are there");
    });
  }
  get stamped() {
    return this.told?.stamped ?? [...new Set(this.names(/^log\/stamps\/\d{12}\//).map((name) => Number(name.split("/")[2])))];
  }

  // -- (1), (2), (6): the lines of `members`

  table() {
    const { report } = this;
    const octets = this.tried(1, "members", () => this.read("members", LARGEST_LIST));
    if (!octets) return report.fail(1, "members", "it is missing");
    const lines = octets.toString("latin1").split("\n");
    if (lines.pop() !== "") report.fail(1, "members", "its last line has no end");
    lines.forEach((line, at) => {
      const match = /^([^\t]+)\t(0|[1-9]\d{0,14})\t([1-9]\d{0,14})\t([0-9a-f]{64})\t(0|[1-9]\d{0,14})\t([a-z]+)\t([^\t]+)\t([0-9a-f]{64})$/.exec(line);
      const where = `members line ${at + 1}`;
      if (!match || !UUID.test(match[7]) || !FILE_NAME.test(match[1]) || match[1].includes("/")) return report.fail(1, where, "it is not of eight fields as it must be");
      const [, file, begin, length, digest, offset, kind, capture, block] = match;
      this.rows.push({ where, file, at: Number(begin), length: Number(length), sha256: digest, offset: Number(offset), kind, capture, block });
    });
    const [ends, behind] = [new Map(), new Map()];
    this.rows.forEach((row, at) => {
      report.looked(6);
      const before = this.rows[at - 1];
      if (before && (row.file < before.file || (row.file === before.file && row.offset < before.offset + before.length))) report.fail(6, row.where, "it is not behind the line before, in the order of the archive");
      if (row.at !== (ends.get(row.file) ?? 0)) report.fail(2, `warc/${row.file} at ${row.at}`, `it does not begin where the member before ends, at ${ends.get(row.file) ?? 0}`);
      ends.set(row.file, row.at + row.length);
      behind.set(row.file, Math.max(behind.get(row.file) ?? 0, row.at + row.length));
    });
    for (const [file, end] of behind) {
      const size = this.place.size(`warc/${file}`);
      if (size === undefined) report.fail(2, `warc/${file}`, "members names this file, and it is not there");
      else if (size !== end) report.fail(2, `warc/${file}`, `it has ${size} octets, and its last member ends at ${end}`);
    }
    for (const name of this.names(/^warc\//)) if (!behind.has(name.slice(5))) report.fail(2, name, "no line of members names this file");
  }

  // -- (5), (10) manifests; (11) to (14) leaves and proofs

  captures() {
    const { report } = this;
    const ids = new Set([...(this.told?.captures ?? []), ...this.names(/^captures\//).map((name) => name.slice(9).replace(/\..*/, ""))]);
    const [numbers, leaves] = [new Map(), new Map()];
    let before = -1;
    for (const id of ids) {
      const [name, proof] = [`captures/${id}.json`, `captures/${id}.tlog-proof`];
      const [there, proved] = [name, proof].map((each) => this.place.size(each) !== undefined);
      if (!there || !proved) report.fail(14, `capture ${id}`, there ? "there is no proof of it" : "there is no manifest of it");
      const manifest = there ? this.manifest(id, name) : null;
      if (manifest) {
        const { seq } = manifest.told;
        if (numbers.has(seq)) report.fail(6, `capture ${id}`, `it has number ${seq}, as ${numbers.get(seq)} has`);
        numbers.set(seq, id);
        report.looked(6);
        if (seq <= before && this.told?.captures.includes(id)) report.fail(6, "pack.json", `its captures are not in the order of their numbers: ${id} has ${seq}`);
        before = seq;
      }
      const index = proved ? this.proof(id, proof, manifest) : null;
      if (index !== null) {
        if (leaves.has(index)) report.fail(14, `capture ${id}`, `its leaf, ${index}, is that of ${leaves.get(index)} too`);
        leaves.set(index, id);
        if (manifest) manifest.leaf = index;
      }
    }
    // Who names a record first: by the number of the capture.
    this.named = new Map();
    for (const manifest of [...this.manifests.values()].sort((a, b) => a.told.seq - b.told.seq))
      for (const said of manifest.named) {
        const place = `${manifest.told.file}\t${said.offset}`;
        if (!this.named.has(place)) this.named.set(place, { said, capture: manifest.told.id });
      }
  }
  manifest(id, name) {
    const { report } = this;
    return this.tried(5, name, () => {
      const octets = this.read(name, LARGEST_MANIFEST);
      report.looked(5);
      report.looked(10);
      const { value, spelled, version, named } = parseManifest(octets);
      if (!named) {
        report.fail(10, name, `a manifest of version ${JSON.stringify(version)}; this verifier knows 2`);
        return null;
      }
      if (!spelled) report.fail(5, name, "the manifest is not in its canonical form (RFC 8785)");
      if (value.id !== id) report.fail(5, name, `it is the manifest of ${value.id}`);
      const digest = hex(sha256(octets));
      // Of a manifest what is asked for later; the rest is let go.
      const told = { id, seq: value.seq, file: value.file, began: value.began, outcome: value.outcome, payload_sha256: value.payload_sha256, refers: value.refers_to?.capture ?? null };
      const held = { told, named: named.map(({ kind, offset, length, sha256, block_sha256, id, type }) => ({ kind, offset, length, sha256, block_sha256, id, type })), digest, entry: entryOf(value, digest), leaf: null };
      this.manifests.set(id, held);
      return held;
    });
  }
  /** The index of a capture's leaf, where the proof says one. */
  proof(id, name, manifest) {
    const { report, checkpoint } = this;
    let index = null;
    this.tried(11, name, () => {
      const octets = this.read(name, LONGEST_NOTE * 2);
      const blank = octets.indexOf("\n\n");
      const lines = octets.toString("latin1", 0, Math.max(blank, 0)).split("\n");
      const match = /^index (0|[1-9]\d{0,15})$/.exec(lines[2] ?? "");
      report.looked(11);
      if (blank >= 0 && !(this.note && octets.subarray(blank + 2).equals(this.note))) report.fail(13, name, "it ends with another checkpoint than log/checkpoint");
      if (lines[0] !== "c2sp.org/tlog-proof@v1" || !lines[1]?.startsWith("extra ") || !match) throw new Refused("it is not spelled as a proof is");
      const [leaf, steps] = [base64(lines[1].slice(6)), lines.slice(3).map(base64)];
      if (steps.some((step) => step.length !== 32)) throw new Refused("a step of its path is no SHA-256");
      index = Number(match[1]);
      const { value: said, spelled } = json(leaf);
      const keys = said && typeof said === "object" ? Object.keys(said).sort().join() : "";
      report.looked(12);
      if (checkpoint && !includes(leafHash(leaf), index, checkpoint.size, steps, checkpoint.root)) report.fail(12, name, "the path does not lead from the leaf to the root of log/checkpoint");
      if (keys === "at,manifest,outcome,seq,v" && said.v !== 1) return report.fail(10, name, `a leaf of version ${JSON.stringify(said.v)}; this verifier knows 1`);
      if (!spelled || keys !== "at,manifest,outcome,seq,v") throw new Refused("its leaf is not spelled as an entry of the log is");
      report.looked(14);
      if (manifest && !manifest.entry.equals(leaf)) report.fail(14, `capture ${id}`, `its leaf says ${leaf}, and its manifest is not that`);
    });
    return index;
  }

  // -- (2), (3), (5): every record where its line says

  async records() {
    const { report } = this;
    let [open, source] = [null, null];
    for (const row of this.rows) {
      const name = `warc/${row.file}`;
      const where = `${name} at ${row.at}`;
      if (this.place.size(name) === undefined) continue;
      if (open !== name) {
        source?.close();
        [open, source] = [name, this.place.open(name)];
      }
      report.looked(2);
      if (row.at + row.length > source.size) {
        report.fail(2, where, "the file ends before this member does");
        continue;
      }
      const { record, sink } = await readRecord(source, row.at, (head) => new Block(head));
      for (const fault of record.members) report.fail(2, where, fault);
      const digest = hashOfSlice(source, row.at, row.length);
      if (digest !== row.sha256) report.fail(2, where, `it hashes to ${digest}; members has ${row.sha256}`);
      if (record.sha256 !== null && record.length !== row.length) report.fail(2, where, `the gzip member has ${record.length} octets; members has ${row.length}`);
      if (record.version !== null) this.record(row, where, record, sink);
    }
    source?.close();
  }
  record(row, where, record, block) {
    const { report } = this;
    report.looked(3);
    if (record.version !== "1.1") report.fail(3, where, `a record of WARC/${record.version}`);
    for (const fault of [...record.faults, ...standard(record)]) report.fail(3, where, fault);
    const found = block.found(record);
    for (const [, field, said, is] of record.readable ? block.differs(found) : []) report.fail(field === "WARC-Block-Digest" ? 3 : 4, where, `${field}: it hashes to ${is}, and says ${said}`);
    if (found.block_sha256 !== row.block) report.fail(3, where, `its block hashes to ${found.block_sha256}; members has ${row.block}`);
    Object.assign(row, { id: record.id, type: record.type });
    const named = this.named.get(`${row.file}\t${row.offset}`);
    if (named) {
      const is = { block_sha256: found.block_sha256, type: record.type, id: record.id };
      for (const key of Object.keys(is)) if (is[key] !== named.said[key]) report.fail(3, where, `it has ${key} ${is[key]}; the manifest of ${named.capture} has ${named.said[key]}`);
      if (["response", "resource"].includes(row.kind) && record.id !== null) this.payloads.set(record.id, { payload: found.payload_sha256, row });
      else if (row.kind === "revisit" && record.id !== null) this.payloads.set(record.id, { payload: null, row });
    }
    if (row.kind === "manifest") {
      const held = this.manifests.get(row.capture);
      const is = [record.type, record.target, record.get("WARC-Date"), found.block_sha256];
      const wanted = held && ["metadata", `${MANIFEST}${row.capture}`, held.told.began, held.digest];
      if (held && is.some((each, at) => each !== wanted[at])) report.fail(5, `captures/${row.capture}.json`, `its record at ${row.at} of ${row.file} is not that of this manifest`);
    }
  }

  // -- (5), (7), (8), (4): manifests and lines name one another

  against() {
    const { report, manifests } = this;
    const [there, own] = [new Set(), new Set()];
    for (const row of this.rows) {
      report.looked(8);
      const place = `${row.file}\t${row.offset}`;
      if (row.kind === "manifest") {
        own.add(row.capture);
        if (!manifests.has(row.capture)) report.fail(8, row.where, `it is the manifest of ${row.capture}, which is not in this pack`);
        else if (manifests.get(row.capture).told.file !== row.file) report.fail(8, row.where, `the manifest of ${row.capture} says that it lies in ${manifests.get(row.capture).told.file}`);
        continue;
      }
      const named = this.named.get(place);
      if (!named) {
        report.fail(8, row.where, "no manifest names this record");
        continue;
      }
      there.add(place);
      const said = { length: named.said.length, sha256: named.said.sha256, kind: named.said.kind, block: named.said.block_sha256, capture: named.capture };
      for (const key of Object.keys(said)) if (row[key] !== said[key]) report.fail(8, row.where, `it has ${key} ${row[key]}; the manifest of ${named.capture}: ${said[key]}`);
    }
    for (const { told, named } of manifests.values()) {
      for (const said of named) if (!there.has(`${told.file}\t${said.offset}`)) report.fail(5, `capture ${told.id}`, `its ${said.kind} record at ${said.offset} of ${told.file} is not in this pack`);
      if (!own.has(told.id)) report.fail(5, `capture ${told.id}`, "the record of its manifest is not in this pack");
      if (told.refers === null) continue;
      report.looked(7);
      const meant = manifests.get(told.refers);
      if (!meant) report.fail(7, `capture ${told.id}`, `it stands for ${told.refers}, which is not in this pack`);
      else if (meant.told.payload_sha256 !== told.payload_sha256) report.fail(7, `capture ${told.id}`, `it stands for ${told.refers}, whose body is another`);
    }
  }
  bodies() {
    const { report } = this;
    for (const { told } of this.manifests.values()) {
      if (told.payload_sha256 === null) continue;
      const held = this.payloads.get(told.refers ?? told.id);
      if (!held?.payload) continue; // that it is not there (5) and (7) tell
      report.looked(4);
      if (held.payload !== told.payload_sha256) report.fail(4, `capture ${told.id}`, `the entity-body hashes to ${held.payload}; the manifest has ${told.payload_sha256}`);
    }
  }

  // -- (12), (15): stamps

  consistency() {
    const { report, checkpoint } = this;
    for (const size of this.stamped) {
      const [number, stamped] = [String(size).padStart(12, "0"), new Map()];
      const name = `log/consistency/${number}`;
      report.looked(12);
      this.tried(12, name, () => {
        const octets = this.read(name, LONGEST_NOTE);
        if (!octets) throw new Refused("it is missing");
        const lines = octets.toString("latin1").split("\n");
        if (lines.pop() !== "") throw new Refused("its last line has no end");
        const proof = lines.map(base64);
        const old = this.tried(15, `log/stamps/${number}/checkpoint`, () => {
          const note = this.read(`log/stamps/${number}/checkpoint`, LONGEST_NOTE);
          return note && parseCheckpoint(parseNote(note).text);
        });
        if (old && checkpoint && !extendsTree(old.size, checkpoint.size, proof, old.root, checkpoint.root)) throw new Refused(`log/checkpoint does not extend the checkpoint of ${size} leaves`);
      });
    }
  }
  stamps() {
    const { report, stamped } = this;
    const below = "log/stamps/";
    const files = () => this.names(/^log\/stamps\//).map((name) => name.slice(below.length));
    const folders = new Set(stamped.map((size) => String(size).padStart(12, "0")));
    report.whyNot([15], "nothing was stamped");
    const octets = this.tried(15, `${below}journal`, () => this.read(`${below}journal`, LARGEST_LIST));
    if (!octets && stamped.length + files().length) report.fail(15, `${below}journal`, "it is missing");
    if (!octets) return;
    if (octets.length && octets[octets.length - 1] !== 10) report.fail(15, `${below}journal`, "its last line has no end");
    const stamps = new Stamps({
      report, trust: this.trust, key: this.key, files, begins: () => null, // which (12) tells
      read: (file) => this.read(`${below}${file}`, LARGEST_STAMP), only: (folder) => folders.has(folder) || folder.startsWith("renewals/"),
    });
    stamps.check(octets);
    for (const folder of folders) if (stamps.lines.length && !stamps.lines.some((line) => line.file === `${folder}/checkpoint`)) this.report.fail(15, `${below}${folder}/checkpoint`, "the journal does not name it");
    const leaves = [...this.manifests.values()].map((held) => held.leaf).filter((leaf) => leaf !== null);
    const late = leaves.filter((leaf) => !stamped.some((size) => leaf < size)).length;
    if (late) report.skip(15, "log", `${late} captures have no stamp of an authority`);
  }

  // -- (9), (17): rows and report

  *lines(name) {
    const source = this.place.open(name);
    let [held, number] = [[], 0];
    let size = 0;
    for (let piece of source.pieces(0, source.size)) {
      for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10)) {
        yield [++number, Buffer.concat([...held, piece.subarray(0, end)])];
        [held, size, piece] = [[], 0, piece.subarray(end + 1)];
      }
      held.push(Buffer.from(piece));
      if ((size += piece.length) > LONGEST_LINE_OF_ROWS) break;
    }
    source.close();
    if (size) yield [++number, null];
  }
  /** The objects of a file of JSON lines: [subject, object]; what is none is told. */
  *objects(number, name) {
    if (this.place.size(name) === undefined) return;
    for (const [at, octets] of this.lines(name)) {
      const subject = `${name} line ${at}`;
      const found = this.tried(number, subject, () => {
        if (octets === null) throw new Refused("it has no end, or is too long");
        const { value } = json(octets);
        if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Refused("it is no object");
        return value;
      });
      if (found) yield [subject, found];
    }
  }
  ledger() {
    const { report, manifests } = this;
    const seen = new Ids();
    this.observed = new Ids();
    for (const [subject, row] of this.objects(9, "ledger/observations.jsonl")) {
      if (row.quote !== "[withheld]") this.observed.set(said(row, row.capture), 1);
      const why = this.row(row, subject, seen);
      if (why) report.fail(9, subject, why);
    }
    for (const table of TABLES.filter((each) => each !== "observations" && each !== "takedowns"))
      for (const [subject, row] of this.objects(9, `ledger/${table}.jsonl`)) {
        const named = [...(Array.isArray(row.captures) ? row.captures : []), ...(row.capture && table !== "coverage" ? [row.capture] : [])];
        for (const id of named) if (!manifests.has(id)) report.fail(9, subject, `it names capture ${id}, which is not in this pack`);
      }
  }
  /** What is wrong with a row of observations; null where nothing is, or it could not be looked at. */
  row(row, subject, seen) {
    const { report } = this;
    const held = this.manifests.get(row.capture);
    if (!held) return `capture ${row.capture} is not in this pack`;
    if (row.payload_sha256 !== held.told.payload_sha256) return `payload_sha256 is not that of capture ${row.capture}`;
    if (row.quote === "[withheld]") return null;
    if (!instant(row.observed) || instant(row.observed) !== instant(held.told.began)) return `it was observed ${row.observed}; the capture began ${held.told.began}`;
    if (seen.get(String(row.observation)) !== undefined) return "another row has this observation";
    seen.set(String(row.observation), 1);
    const digest = (parts) => hex(sha256(Buffer.from(JSON.stringify(parts))));
    const registration = String(row.subject).split("#")[0];
    const id = digest([registration]).slice(0, 12) + digest([row.subject, row.property, row.ordinal, row.raw, row.value, row.derived, String(row.parser).replace(/\/[^/]*$/, "")]).slice(12, 32);
    if (id !== row.observation) return `the row says ${JSON.stringify(row.value)}, and its id is that of something else`;
    const { text, why, unknown } = this.text(row.capture, row.charset);
    if (unknown) {
      report.skip(9, subject, unknown);
      return null;
    }
    if (why) return why;
    report.looked(9);
    const whole = Number.isSafeInteger(row.start) && Number.isSafeInteger(row.end) && 0 <= row.start && row.start < row.end;
    return whole && text.slice(row.start, row.end) === row.quote ? null : `the quote does not stand at [${row.start}, ${row.end}) of the source`;
  }
  /** The decoded source of a capture. */
  text(capture, charset) {
    const name = `${capture} ${charset}`;
    if (!this.sources.has(name)) {
      if (this.sources.size >= 4) this.sources.clear();
      let found;
      try {
        found = { text: new Text(decodeText(this.body(capture), charset)) };
      } catch (error) {
        if (error instanceof Unknown) found = { unknown: error.message };
        else if (error instanceof Refused) found = { why: error.message };
        else throw error;
      }
      this.sources.set(name, found);
    }
    return this.sources.get(name);
  }
  /** The entity-body of a capture, its content coding undone. Raises Refused, Unknown. */
  body(capture) {
    const { told } = this.manifests.get(capture);
    const [own, other] = [this.payloads.get(capture), told.refers ? this.payloads.get(told.refers) : null];
    if (!(other ?? own)) throw new Refused(`the source of ${capture} is not in this pack`);
    const from = this.block((other ?? own).row);
    if ((other ?? own).row.kind === "resource") return from;
    // Of a revisit the head is its own, and what is behind it is the other's.
    const head = told.refers && own && told.outcome !== "not-modified" ? this.block(own.row) : from;
    const [ends, begins] = [endOfLines(head), endOfLines(from)];
    if (ends < 0 || begins < 0) throw new Refused(`the source of ${capture} has no head`);
    const pieces = [];
    const body = new Body({ update: (piece) => pieces.push(piece) });
    body.feed(head.subarray(0, ends));
    body.feed(from.subarray(begins));
    const fields = parseResponse(head.toString("latin1", 0, ends));
    return undone(Buffer.concat(pieces), fields ? fields.all("content-encoding").join(",") : "");
  }
  /** The block of a record. */
  block(row) {
    if (row.length > 64 << 20) throw new Unknown(`a record of ${row.length} octets is not held in memory`);
    const source = this.place.open(`warc/${row.file}`);
    const octets = Buffer.concat([...source.pieces(row.at, row.length)].map((piece) => Buffer.from(piece)));
    source.close();
    try {
      const whole = zlib.gunzipSync(octets, { maxOutputLength: 256 << 20 });
      const begin = endOfLines(whole);
      return whole.subarray(begin, whole.length - 4);
    } catch (error) {
      throw new Refused(`the record at ${row.at} of ${row.file} cannot be read: ${error.message}`);
    }
  }
  reported() {
    const { report, checkpoint } = this;
    const name = "report/report.jsonl";
    if (this.place.size(name) === undefined) return report.fail(17, name, "it is missing");
    for (const [subject, line] of this.objects(17, name)) {
      if (line.kind !== "value") continue;
      report.looked(17);
      const { capture, at, manifest_sha256: digest, logged } = line.source ?? {};
      const held = this.manifests.get(capture);
      const key = said(line, capture);
      if (this.observed.get(key) === undefined) report.fail(17, subject, "no row of ledger/observations.jsonl says this");
      else this.observed.set(key, 2);
      const head = checkpoint && [checkpoint.origin, checkpoint.size, hex(checkpoint.root)];
      if (!held) report.fail(17, subject, `capture ${capture} is not in this pack`);
      else if (digest !== held.digest || instant(at) === null || instant(at) !== instant(held.told.began)) report.fail(17, subject, "the manifest's digest or time is not that of the pack");
      else if (!logged || logged.leaf !== held.leaf || (head && canonical([logged.origin, logged.size, logged.root]) !== canonical(head))) report.fail(17, subject, "the leaf or the checkpoint is not that of the pack");
    }
    for (const [subject, row] of this.objects(9, "ledger/observations.jsonl"))
      if (row.quote !== "[withheld]" && this.observed.get(said(row, row.capture)) !== 2) report.fail(17, name, `it does not tell the value of ${subject}`);
  }
}

/** What a row and a value of the report must have alike. */
const said = (row, capture) => JSON.stringify([row.subject, row.property, row.value, row.raw, row.quote, row.start, row.end, capture]);

class Unknown extends Refused {} // not wrong: this verifier cannot tell

/** Text whose slices are counted in code points, as Python counts. */
class Text {
  constructor(text) {
    this.points = /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
  }
  slice(start, end) {
    const found = this.points.slice(start, end);
    return typeof found === "string" ? found : found.join("");
  }
}

/** Content codings undone, the last one first. Raises Refused, Unknown. */
export function undone(octets, codings) {
  const names = codings.split(",").map((each) => strip(each).toLowerCase()).filter((each) => each && each !== "identity");
  if (names.length > 2) throw new Refused(`${names.length} content codings stacked`);
  let body = octets;
  for (const name of names.reverse()) {
    if (!body.length) return body;
    const bound = { maxOutputLength: Math.min(256 << 20, Math.max(1 << 20, 200 * body.length)) };
    const wrapped = (body[0] & 15) === 8 && body.length > 1 && body.readUInt16BE(0) % 31 === 0;
    const undo = { gzip: zlib.gunzipSync, "x-gzip": zlib.gunzipSync, deflate: wrapped ? zlib.inflateSync : zlib.inflateRawSync, br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync }[name];
    if (!undo && name === "zstd") throw new Unknown("this Node cannot undo the content coding zstd");
    if (!undo) throw new Refused(`content coding ${JSON.stringify(name.slice(0, 40))} is unknown`);
    try {
      body = undo(body, bound);
    } catch (error) {
      throw new Refused(`${name} is broken: ${error.message}`);
    }
  }
  return body;
}

const LABELS = { cp866: "ibm866", "mac-cyrillic": "x-mac-cyrillic", "koi8-r": "koi8-r", ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`cp125${n}`, `windows-125${n}`])) };
// Some versions of Node take windows-1252 for latin-1.
const CP1252 = "\u20ac\ufffd\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\ufffd\u017d\ufffd\ufffd\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\ufffd\u017e\u0178";

/** What each of the 256 octets is. Octets that mean nothing are U+FFFD here, where WHATWG gives them their own number. */
function octetsOf(name) {
  const decoder = new TextDecoder(LABELS[name]);
  return Array.from({ length: 256 }, (_, octet) => {
    if (octet < 128) return String.fromCharCode(octet);
    if (name === "cp1252" && octet < 160) return CP1252[octet - 128];
    if (name === "cp1253" && octet === 0xaa) return "\ufffd";
    const sign = decoder.decode(Buffer.of(octet));
    return name.startsWith("cp125") && sign >= "\x80" && sign <= "\x9f" ? "\ufffd" : sign;
  });
}

/** Octets as text, as Python's codec of that name decodes them with errors replaced. Raises Unknown. */
export function decodeText(octets, charset) {
  const name = String(charset).toLowerCase().replaceAll("_", "-");
  if (name === "utf-8" || name === "utf8") return new TextDecoder("utf-8", { ignoreBOM: true }).decode(octets);
  if (name === "utf-8-sig") return new TextDecoder("utf-8").decode(octets);
  if (["utf-16-le", "utf-16-be", "utf-16"].includes(name)) {
    const big = name === "utf-16-be" || (name === "utf-16" && octets.length > 1 && octets.readUInt16BE(0) === 0xfeff);
    return new TextDecoder(big ? "utf-16be" : "utf-16le", { ignoreBOM: name !== "utf-16" }).decode(octets);
  }
  if (["latin-1", "latin1", "iso8859-1", "iso-8859-1"].includes(name)) return octets.toString("latin1");
  if (name === "ascii") return octets.toString("latin1").replace(/[\x80-\xff]/g, "\ufffd");
  const known = name.replace("windows-", "cp");
  if (LABELS[known]) {
    const table = octetsOf(known);
    return Array.from(octets, (octet) => table[octet]).join("");
  }
  throw new Unknown(`this verifier does not know the charset ${JSON.stringify(name.slice(0, 40))}`);
}

export async function verifyPack(target, trust, tell) {
  const report = new Report(tell);
  report.add(16, "16 signature", PACK_COUNTED[16]);
  report.add(17, "17 report", PACK_COUNTED[17]);
  for (const [number, name] of PACK_CHECKS) report.checks.get(number).name = name;
  for (const [number, of] of Object.entries(PACK_COUNTED)) report.checks.get(Number(number)).of = of;
  const place = fs.statSync(target).isDirectory() ? new Folder(target, report) : new Zip(target, report);
  await new Pack(place, report, trust).check();
  report.sum(() => path.basename(target));
  return report.status;
}

// ------------------------------------------------------------------------------------------------ the door

/** Nothing of what was read moves a terminal. */
const visible = (text) => text.replace(/[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

function options(words) {
  const found = { json: false, keyring: null, vkey: null, roots: [], blocks: null, targets: [] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const value = () => words[++at] ?? usage(`${word} needs a value`);
    if (word === "--json") found.json = true;
    else if (word === "--help") return null;
    else if (word === "--keyring") found.keyring = value();
    else if (word === "--vkey") found.vkey = value();
    else if (word === "--roots") found.roots.push(value());
    else if (word === "--blocks") found.blocks = value();
    else if (word.startsWith("--")) usage(`no such option: ${word}`);
    else found.targets.push(word);
  }
  if (!found.targets.length) usage("name an archive or a pack");
  for (const each of [...found.targets, ...found.roots, found.keyring, found.blocks]) if (each !== null && !fs.existsSync(each)) usage(`${each} is not there`);
  return found;
}

function usage(why) {
  process.stderr.write(`verify.mjs: ${visible(why)}\n\n${USAGE}`);
  process.exit(2);
}

async function main() {
  const asked = options(process.argv.slice(2));
  if (!asked) return process.stdout.write(USAGE);
  const { json: lines, keyring, vkey, roots, blocks, targets } = asked;
  let trust;
  try {
    trust = new Trust({ keyring, vkey: vkey && verifierKey(vkey), roots, blocks });
  } catch (error) {
    if (error instanceof Refused || error.code) usage(error.message);
    throw error;
  }
  const tell = ({ check, subject, outcome, detail }) =>
    process.stdout.write(lines ? `${JSON.stringify({ check, subject, outcome, detail })}\n` : `${outcome.padEnd(11)} ${check}: ${visible(subject)}: ${visible(detail)}\n`);
  const statuses = [];
  for (const target of targets) {
    const pack = !fs.statSync(target).isDirectory() || ["FILES", "pack.json", "members"].some((name) => fs.existsSync(path.join(target, name)));
    statuses.push(await (pack ? verifyPack : verifyHome)(target, trust, tell));
  }
  process.exitCode = statuses.includes(4) ? 4 : statuses.includes(0) ? 0 : 5;
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) await main();
