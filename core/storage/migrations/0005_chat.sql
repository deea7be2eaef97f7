-- A file can hang on a message, as a part of it; SQLite changes a check only by making the table anew.
CREATE TABLE parts_anew (
    id      INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,                 -- from 0
    kind    TEXT    NOT NULL CHECK (kind IN ('text', 'image', 'file', 'call', 'result')),
    text    TEXT    NOT NULL DEFAULT '',
    data    TEXT    NOT NULL DEFAULT '{}'
) STRICT;
INSERT INTO parts_anew SELECT id, message, number, kind, text, data FROM parts ORDER BY id;
DROP TABLE parts;
ALTER TABLE parts_anew RENAME TO parts;
CREATE UNIQUE INDEX parts_of_message ON parts (message, number);
CREATE INDEX parts_with_pictures ON parts (id) WHERE kind = 'image';

-- Messages that the person has deleted: hidden with all that followed them, until they are removed or brought back.
ALTER TABLE messages ADD COLUMN deleted REAL;
CREATE INDEX messages_deleted ON messages (deleted) WHERE deleted IS NOT NULL;

-- What was being written and is not sent: of each conversation, and of a new one (0).
CREATE TABLE drafts (
    conversation INTEGER PRIMARY KEY,
    text         TEXT NOT NULL,
    attached     TEXT NOT NULL DEFAULT '[]',   -- JSON: parts
    changed      REAL NOT NULL
) STRICT;

-- Messages that wait until the answer before them is there, in the order in which they are sent.
CREATE TABLE queued (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    text         TEXT    NOT NULL,
    attached     TEXT    NOT NULL DEFAULT '[]' -- JSON: parts
) STRICT;
CREATE INDEX queued_of_conversation ON queued (conversation);

-- What the model reads in the place of the messages before `context_start`; '' where they are only left out.
ALTER TABLE conversations ADD COLUMN summary TEXT NOT NULL DEFAULT '';

-- What new conversations of a project begin with.
ALTER TABLE projects ADD COLUMN instructions TEXT NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN collection TEXT NOT NULL DEFAULT '';
ALTER TABLE projects ADD COLUMN model TEXT NOT NULL DEFAULT '';

-- What the person wants remembered: in one project, or everywhere (NULL).
CREATE TABLE facts (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    text    TEXT    NOT NULL,
    created REAL    NOT NULL
) STRICT;
CREATE INDEX facts_of_project ON facts (project);

CREATE TABLE tags (
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    tag          TEXT    NOT NULL,
    PRIMARY KEY (conversation, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags (tag, conversation);

-- Prompts that the person has written or taken in: each a file's text (docs/prompts.md), by its id.
CREATE TABLE prompts (
    id         TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    changed    REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- Assistants that the person has made or taken in, in the same way (docs/assistants.md), and whom a conversation is with.
CREATE TABLE assistants (
    id         TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    changed    REAL NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE conversations ADD COLUMN assistant TEXT NOT NULL DEFAULT '';

-- What a conversation is known by wherever it goes, so that one that comes back is recognised: a name of our own making, or
-- another program's with its own ('chatgpt:…').
ALTER TABLE conversations ADD COLUMN uid TEXT NOT NULL DEFAULT '';
UPDATE conversations SET uid = lower(hex(randomblob(16)));
CREATE INDEX conversations_by_uid ON conversations (uid);

-- Tables that a model fills: what is wanted (JSON), of which texts, and what came of each.
CREATE TABLE runs (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL,
    form       TEXT NOT NULL,                  -- JSON (docs/tables.md)
    model      TEXT NOT NULL,
    collection TEXT NOT NULL DEFAULT '',       -- its documents are read; '' where the texts are here
    created    REAL NOT NULL,
    changed    REAL NOT NULL,
    deleted    REAL
) STRICT;

CREATE TABLE run_rows (
    run      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number   INTEGER NOT NULL,                 -- from 1
    label    TEXT    NOT NULL,
    text     TEXT    NOT NULL,
    document INTEGER,                          -- in the place of a text; it may be gone
    state    TEXT    NOT NULL CHECK (state IN ('waiting', 'done', 'failed')),
    output   TEXT    NOT NULL DEFAULT '',      -- JSON: rows of values, and where they were found
    error    TEXT    NOT NULL DEFAULT '',      -- JSON: a typed error of core/errors.py
    PRIMARY KEY (run, number)
) STRICT;
CREATE INDEX run_rows_by_state ON run_rows (run, state, number);

-- One prompt, answered by several: by whom (JSON of each), what came of it, and which was found best.
CREATE TABLE comparisons (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    prompt   TEXT    NOT NULL,
    blind    INTEGER NOT NULL,
    created  REAL    NOT NULL,
    vote     TEXT,                             -- the winner's place, 'tie' or 'bad'; NULL before it is given
    voted    REAL
) STRICT;
CREATE TABLE contenders (
    comparison INTEGER NOT NULL REFERENCES comparisons (id) ON DELETE CASCADE,
    place      INTEGER NOT NULL,               -- from 0, in the order in which they are shown
    contestant TEXT    NOT NULL,               -- JSON
    answer     TEXT    NOT NULL DEFAULT '',    -- JSON
    PRIMARY KEY (comparison, place)
) STRICT;

-- Questions with expected answers, and how contestants answered them.
CREATE TABLE evaluations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL,
    questions   TEXT    NOT NULL,              -- JSON (docs/comparing.md)
    contestants TEXT    NOT NULL,              -- JSON
    judge       TEXT    NOT NULL,              -- the model that judges where only one can; '' for none
    created     REAL    NOT NULL,
    deleted     REAL
) STRICT;
CREATE TABLE verdicts (
    evaluation INTEGER NOT NULL REFERENCES evaluations (id) ON DELETE CASCADE,
    contestant INTEGER NOT NULL,               -- its place in the list, from 0
    question   INTEGER NOT NULL,               -- from 0
    outcome    TEXT    NOT NULL,               -- JSON
    PRIMARY KEY (evaluation, contestant, question)
) STRICT;
