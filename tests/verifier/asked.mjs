// Questions to single rooms of docs/verifier/verify.mjs: JSON on stdin, a list of [room, ...arguments]; octets in base64.

import { readFileSync } from "node:fs";
import * as verifier from "../../docs/verifier/verify.mjs";

const octets = (text) => Buffer.from(text ?? "", "base64");

const rooms = {
  includes: (leaf, index, size, proof, root) => verifier.includes(octets(leaf), BigInt(index), BigInt(size), proof.map(octets), octets(root)),
  extends: (old, size, proof, before, root) => verifier.extendsTree(BigInt(old), BigInt(size), proof.map(octets), octets(before), octets(root)),
  /** Every checkpoint holds under the key and has the root of its tiles; every leaf is included; every pair is consistent. */
  log(folder, vkey, count) {
    const key = verifier.verifierKey(vkey);
    const checkpoints = [];
    for (let n = 1; n <= count; n++) checkpoints.push(verifier.vouched(verifier.parseNote(readFileSync(`${folder}/checkpoint.${n}`)), key));
    let [roots, leaves, pairs] = [0, 0, 0];
    for (const [at, each] of checkpoints.entries()) {
      const tiles = new verifier.Tiles(folder, each.size);
      if (tiles.root().equals(each.root)) roots++;
      tiles.entries(0).forEach((entry, index) => {
        if (verifier.includes(verifier.leafHash(entry), index, each.size, verifier.inclusion(index, each.size, tiles.node), each.root)) leaves++;
      });
      for (const old of checkpoints.slice(0, at)) {
        const proof = verifier.consistency(old.size, each.size, tiles.node);
        if (verifier.extendsTree(old.size, each.size, proof, old.root, each.root)) pairs++;
      }
    }
    return { roots, leaves, pairs, sizes: checkpoints.map((each) => each.size) };
  },
  token(reply) {
    const token = verifier.openToken(octets(reply));
    return { at: token.at, hash: token.hash, imprint: token.imprint.toString("hex") };
  },
  /** Does a token hold over this digest, as of these times (RFC 3339; null: the one that it states)? */
  holds(reply, digest, roots, times) {
    const token = verifier.openToken(octets(reply));
    if (!token.imprint.equals(octets(digest))) throw new verifier.Refused("it is a token over other octets");
    for (const time of times) verifier.tokenHolds(token, verifier.certificates(octets(roots)), [], time ?? token.at);
    return true;
  },
  ots(proof) {
    const { hash, digest, attestations } = verifier.parseOts(octets(proof));
    return { hash, digest: digest.toString("hex"), kinds: attestations.map((each) => each.kind) };
  },
  text: (body, charset) => verifier.decodeText(octets(body), charset),
  undone: (body, codings) => verifier.undone(octets(body), codings).toString("base64"),
  canonical: (text) => verifier.canonical(JSON.parse(text)),
  body(block) {
    const taken = [];
    const body = new verifier.Body({ update: (piece) => taken.push(piece) });
    for (const piece of block) body.feed(octets(piece));
    return { status: body.status, entity: Buffer.concat(taken).toString("base64") };
  },
};

const answers = JSON.parse(readFileSync(0, "utf8")).map(([room, ...asked]) => {
  try {
    return { is: rooms[room](...asked) };
  } catch (error) {
    if (error instanceof verifier.Refused) return { refused: error.message };
    return { bug: error.stack };
  }
});
process.stdout.write(JSON.stringify(answers));
