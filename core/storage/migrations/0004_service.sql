-- What a person has asked for and is not done: files and folders as they were given, in the order of their coming.
CREATE TABLE additions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT    NOT NULL,              -- '' until a new one's name is known
    files      TEXT    NOT NULL,              -- JSON
    created    REAL    NOT NULL
) STRICT;

-- Whether it waits until the person lets it go on. One row.
CREATE TABLE work (paused INTEGER NOT NULL) STRICT;
INSERT INTO work (paused) VALUES (0);

-- What could not be read, and why, until it is read after all or the person has seen enough of it.
CREATE TABLE failures (
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    path       TEXT    NOT NULL,              -- absolute
    file       TEXT    NOT NULL,              -- as the person gave it
    error      TEXT    NOT NULL,              -- JSON: a typed error of core/errors.py
    at         REAL    NOT NULL,
    PRIMARY KEY (collection, path)
) STRICT, WITHOUT ROWID;

-- Folders whose files are taken, read again and let go of by themselves.
CREATE TABLE watched (
    id         INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    path       TEXT    NOT NULL,              -- absolute
    since      REAL    NOT NULL,
    lost       REAL,                          -- when it was found missing: a drive that is not connected
    UNIQUE (collection, path)
) STRICT;

-- Files of watched folders that the person has removed: they are not taken again by themselves.
CREATE TABLE left_out (
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    path       TEXT    NOT NULL,
    PRIMARY KEY (collection, path)
) STRICT, WITHOUT ROWID;

ALTER TABLE collections ADD COLUMN removed REAL;                      -- hidden: to be removed, or brought back
ALTER TABLE collections ADD COLUMN was TEXT NOT NULL DEFAULT '';      -- its name before, which another may have now

ALTER TABLE documents ADD COLUMN modified REAL;                       -- of the file that was read, as the system tells it
ALTER TABLE documents ADD COLUMN changed REAL;                        -- when its file was found to be another than was read
ALTER TABLE documents ADD COLUMN removed REAL;
ALTER TABLE documents ADD COLUMN origin TEXT NOT NULL DEFAULT '';     -- 'import' where there never was a file here
ALTER TABLE documents ADD COLUMN encoding TEXT NOT NULL DEFAULT '';   -- that the person has chosen; '' where it is found
CREATE INDEX documents_removed ON documents (removed) WHERE removed IS NOT NULL;

-- 1: a picture whose text is still to be recognised; 2: its text was recognised.
ALTER TABLE pages ADD COLUMN picture INTEGER NOT NULL DEFAULT 0;
CREATE INDEX pages_to_recognise ON pages (document) WHERE picture = 1;
