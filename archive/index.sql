-- The index's statements as SQLite is given them: written by `python -m archive.schema`, never by hand.

-- MAKE files
CREATE TABLE files ( serial INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (serial), UNIQUE (name) ) STRICT;

-- MAKE outbox
CREATE TABLE outbox ( seq INTEGER NOT NULL, manifest_sha256 TEXT NOT NULL, PRIMARY KEY (seq) ) STRICT;

-- MAKE captures
CREATE TABLE captures ( seq INTEGER NOT NULL, id TEXT NOT NULL, visit TEXT NOT NULL, hop INTEGER NOT NULL, url TEXT NOT
NULL, "key" TEXT NOT NULL, at INTEGER NOT NULL, outcome TEXT NOT NULL, status INTEGER, mime TEXT, payload_sha256 TEXT,
size INTEGER NOT NULL, serial INTEGER NOT NULL, record_offset INTEGER, record_length INTEGER, record_sha256 TEXT,
manifest_offset INTEGER NOT NULL, manifest_length INTEGER NOT NULL, manifest_member_sha256 TEXT NOT NULL,
manifest_sha256 TEXT NOT NULL, refers_to TEXT, error TEXT, trusted INTEGER NOT NULL, foreign_file TEXT, PRIMARY KEY
(seq), UNIQUE (id), FOREIGN KEY(serial) REFERENCES files (serial) ) STRICT;

-- MAKE captures_by_key
CREATE INDEX captures_by_key ON captures ("key", at);

-- MAKE captures_by_payload
CREATE INDEX captures_by_payload ON captures (payload_sha256) WHERE outcome = 'captured' AND trusted = 1 AND
foreign_file IS NULL;

-- MAKE captures_by_visit
CREATE INDEX captures_by_visit ON captures (visit);

-- MAKE members
CREATE TABLE members ( serial INTEGER NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL, sha256 TEXT NOT
NULL, kind TEXT NOT NULL, seq INTEGER, PRIMARY KEY (serial, "offset"), FOREIGN KEY(serial) REFERENCES files (serial) )
WITHOUT ROWID, STRICT;

-- NAME_FILE
INSERT OR IGNORE INTO files (serial, name) VALUES (?, ?);

-- ENTER_MEMBER
INSERT INTO members (serial, "offset", length, sha256, kind, seq) VALUES (?, ?, ?, ?, ?, ?);

-- ENTER_CAPTURE
INSERT INTO captures (seq, id, visit, hop, url, "key", at, outcome, status, mime, payload_sha256, size, serial,
record_offset, record_length, record_sha256, manifest_offset, manifest_length, manifest_member_sha256, manifest_sha256,
refers_to, error, trusted, foreign_file) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- ENTER_OUTBOX
INSERT INTO outbox (seq, manifest_sha256) VALUES (?, ?);

-- POSTED
DELETE FROM outbox WHERE outbox.seq <= :through;

-- WAITING
SELECT outbox.seq, outbox.manifest_sha256 FROM outbox ORDER BY outbox.seq LIMIT :most OFFSET 0;

-- WAITS
SELECT count(*) AS count_1 FROM outbox;

-- LEAVES
SELECT captures.seq, captures.manifest_sha256, captures.outcome, captures.at FROM captures WHERE captures.seq BETWEEN
:first AND :last ORDER BY captures.seq;

-- LAST_SEQ
SELECT max(captures.seq) AS max_1 FROM captures;

-- FILES
SELECT files.serial, files.name FROM files ORDER BY files.serial;

-- END
SELECT members."offset" + members.length AS anon_1 FROM members WHERE members.serial = :serial ORDER BY members."offset"
DESC LIMIT 1 OFFSET 0;

-- MEMBERS
SELECT members.serial, members."offset", members.length, members.sha256, members.kind, members.seq FROM members WHERE
members.serial = :serial AND members."offset" > :after ORDER BY members."offset" LIMIT :most OFFSET 0;

-- MEMBERS_OF_KIND
SELECT members.serial, members."offset", members.length, members.sha256, members.kind, members.seq FROM members WHERE
members.serial = :serial AND members."offset" > :after AND members.kind = :kind ORDER BY members."offset" LIMIT :most
OFFSET 0;

-- LAST_MEMBERS
SELECT members.serial, members."offset", members.length, members.sha256, members.kind, members.seq FROM members WHERE
members.serial = :serial ORDER BY members."offset" DESC LIMIT :most OFFSET 0;

-- ONE
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures.id = :id;

-- TAKEN_IDS
SELECT captures.id FROM captures WHERE captures.id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1);

-- TAKEN_SEQS
SELECT captures.seq FROM captures WHERE captures.seq IN (SELECT anon_1.value FROM json_each(:seqs) AS anon_1);

-- CAPTURES
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures.seq >= :since AND captures.at <= :until ORDER BY
captures.seq LIMIT :most OFFSET 0;

-- CAPTURES_OF_KEY
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures."key" = :key AND captures.seq >= :since AND
captures.at <= :until ORDER BY captures.seq LIMIT :most OFFSET 0;

-- KEYS
SELECT DISTINCT captures."key" FROM captures WHERE captures."key" >= :first AND captures."key" < :beyond ORDER BY
captures."key";

-- VISIT
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures.visit = :visit ORDER BY captures.hop;

-- NEWEST_VISITS
SELECT captures.url, captures.visit FROM captures WHERE captures.seq IN (SELECT max(captures.seq) AS max_1 FROM captures
WHERE captures."key" IN (SELECT anon_1.value FROM json_each(:keys) AS anon_1) AND captures.url IN (SELECT anon_2.value
FROM json_each(:urls) AS anon_2) AND captures.foreign_file IS NULL GROUP BY captures.url);

-- ENDS_OF_VISITS
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures.visit IN (SELECT anon_1.value FROM
json_each(:visits) AS anon_1) ORDER BY captures.seq;

-- LATEST
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures."key" = :key AND captures.outcome IN ('captured',
'revisit', 'not-modified') ORDER BY captures.at DESC, captures.seq DESC LIMIT 1 OFFSET 0;

-- LATEST_OF
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures.seq IN (SELECT (SELECT one.seq FROM captures AS one
WHERE one."key" = named.value AND one.outcome IN ('captured', 'revisit', 'not-modified') ORDER BY one.at DESC, one.seq
DESC LIMIT 1 OFFSET 0) AS anon_1 FROM json_each(:keys) AS named);

-- NEAREST
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures."key" = :key AND captures.outcome IN ('captured',
'revisit', 'not-modified') ORDER BY abs(captures.at - :at), captures.seq DESC LIMIT 1 OFFSET 0;

-- SAME_PAYLOAD
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures.payload_sha256 IN (SELECT anon_1.value FROM
json_each(:payloads) AS anon_1) AND captures.outcome = 'captured' AND captures.trusted = 1 AND captures.foreign_file IS
NULL ORDER BY captures.seq;

-- EARLIER
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures WHERE captures."key" = :key AND captures.url = :url AND
captures.outcome IN ('captured', 'revisit') AND captures.trusted = 1 AND captures.payload_sha256 IS NOT NULL ORDER BY
captures.at DESC, captures.seq DESC LIMIT :most OFFSET 0;

-- ALL_FILES
SELECT files.serial, files.name FROM files ORDER BY files.serial;

-- ALL_MEMBERS
SELECT members.serial, members."offset", members.length, members.sha256, members.kind, members.seq FROM members ORDER BY
members.serial, members."offset";

-- ALL_CAPTURES
SELECT captures.seq, captures.id, captures.visit, captures.hop, captures.url, captures."key", captures.at,
captures.outcome, captures.status, captures.mime, captures.payload_sha256, captures.size, captures.serial,
captures.record_offset, captures.record_length, captures.record_sha256, captures.manifest_offset,
captures.manifest_length, captures.manifest_member_sha256, captures.manifest_sha256, captures.refers_to, captures.error,
captures.trusted, captures.foreign_file FROM captures ORDER BY captures.seq;
