-- AUTOINCREMENT: an id is never given again, so that nothing old (a vector, a cached sequence) can be taken for something new.
-- Conversations are trees of messages: a regenerated answer is a sibling, nothing is overwritten.
CREATE TABLE conversations (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    title         TEXT    NOT NULL,
    folder        TEXT    NOT NULL DEFAULT '',
    pinned        INTEGER NOT NULL DEFAULT 0,
    created       REAL    NOT NULL,           -- Unix seconds
    changed       REAL    NOT NULL,
    system_prompt TEXT    NOT NULL,           -- constant within a conversation
    collection    TEXT    NOT NULL DEFAULT '',-- name of the collection that questions go to; '' is none
    model         TEXT    NOT NULL DEFAULT '',
    leaf          INTEGER,                    -- the last message of the branch on screen
    context_start INTEGER                     -- first message still sent to the model; NULL is all
) STRICT;

CREATE TABLE messages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    parent       INTEGER REFERENCES messages (id) ON DELETE CASCADE,
    role         TEXT    NOT NULL CHECK (role IN ('user', 'assistant')),
    text         TEXT    NOT NULL,
    prompt       TEXT,                        -- as sent to the model where it differs (passages added)
    thinking     TEXT    NOT NULL DEFAULT '',
    state        TEXT    NOT NULL CHECK (state IN ('done', 'streaming', 'stopped', 'interrupted', 'failed')),
    created      REAL    NOT NULL,
    model        TEXT    NOT NULL DEFAULT '',
    details      TEXT    NOT NULL DEFAULT '{}'-- JSON: timings, citations, outcome, error
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation, parent);

-- Bigrams of the text: see core/storage/fulltext.py.
CREATE VIRTUAL TABLE messages_index USING fts5 (tokens, tokenize = 'porter unicode61');

CREATE TABLE collections (
    id      INTEGER PRIMARY KEY,
    name    TEXT    NOT NULL UNIQUE,
    created REAL    NOT NULL
) STRICT;

CREATE TABLE documents (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    file       TEXT    NOT NULL,              -- as the person gave it
    path       TEXT    NOT NULL,              -- absolute
    sha256     TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    pages      INTEGER NOT NULL DEFAULT 0,
    state      TEXT    NOT NULL CHECK (state IN ('reading', 'embedding', 'ready')),
    added      REAL    NOT NULL,
    UNIQUE (collection, path)
) STRICT;

-- The documents' text lives here, once; passages are ranges of it.
CREATE TABLE pages (
    id       INTEGER PRIMARY KEY,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    number   INTEGER,                         -- from 1; NULL where the format has no pages
    text     TEXT    NOT NULL
) STRICT;
CREATE INDEX pages_by_document ON pages (document);

CREATE TABLE passages (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    page     INTEGER NOT NULL REFERENCES pages (id) ON DELETE CASCADE,
    start    INTEGER NOT NULL,                -- characters into the page's text
    "end"    INTEGER NOT NULL,
    section  TEXT    NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX passages_by_document ON passages (document);
CREATE INDEX passages_by_page ON passages (page);

CREATE VIRTUAL TABLE passages_index USING fts5 (tokens, tokenize = 'porter unicode61');

CREATE TABLE vectors (
    passage  INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    embedder TEXT    NOT NULL,
    vector   BLOB    NOT NULL,                -- float16, little-endian, unit length
    PRIMARY KEY (passage, embedder)
) STRICT, WITHOUT ROWID;
