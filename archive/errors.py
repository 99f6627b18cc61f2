"""Everything that can be wrong with what is kept.

ArchiveError
    InUse               another writer holds this archive
    TooNew              the archive was written by a newer version than this one
    NotAnArchive        the folder is something else
    NotFound            no capture answers the question
        Withheld            it was taken down: no door shows it
    DiskFull            there is no room; nothing acknowledged is lost
    Poisoned            a write or sync failed; the file was sealed at its last good end
    Damaged             kept bytes are not what was kept
        BadRecord           a WARC record does not follow the standard
        BadMessage          the octets are not an HTTP/1.1 message
        BadCoding           a content coding is unknown, broken, or would swell beyond its bound
        BadStamp            a time stamp is none, or not of what it is to be of
    NoKey               the log's key is not there, or not as a secret should be; captures wait for it
    Forked              the log is not what was signed last, or not of this archive: nothing is signed
    Refused             the ledger does not take this entry, and says why
    NotInstalled        this needs a library of an extra that is not installed
"""


class ArchiveError(Exception):
    """The family. The text says what is wrong and what to do next."""


class InUse(ArchiveError):
    """Another process holds the writer's lock."""


class TooNew(ArchiveError):
    """The archive's format version is above the one this program knows."""


class NotAnArchive(ArchiveError):
    """The folder holds other things, and nothing will be written into it."""


class NotFound(ArchiveError):
    """No capture, case or value answers the question."""


class Withheld(NotFound):
    """Taken down by a decision, which the text names; what is kept is kept."""


class DiskFull(ArchiveError):
    """No room is left above the floor that is kept free."""


class Poisoned(ArchiveError):
    """A write or a sync failed: what was not acknowledged is not kept in that file."""


class Damaged(ArchiveError):
    """Kept bytes are not what was kept."""


class BadRecord(Damaged):
    """A WARC record that does not follow the standard."""


class BadMessage(Damaged):
    """Octets that are not an HTTP/1.1 message."""


class BadCoding(Damaged):
    """A content coding that is unknown, broken, or that would swell beyond its bound."""


class BadStamp(Damaged):
    """A time stamp that does not hold: malformed, of other octets, or signed by nobody who is trusted."""


class NoKey(ArchiveError):
    """The key that signs the log is missing, unreadable, or open to others."""


class Forked(ArchiveError):
    """The log does not extend what was signed last, or it is not the log of this archive: nothing is signed."""


class Refused(ArchiveError):
    """The ledger refuses this entry: a value that cannot be shown, a word it does not know."""


class NotInstalled(ArchiveError):
    """A library that only some need is not there; the text says which extra brings it."""
