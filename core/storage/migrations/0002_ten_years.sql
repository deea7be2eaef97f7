-- For ten years of use: messages made of parts, projects, archived and deleted conversations, and an index for every query.

-- Projects take the place of the `folder` column.
CREATE TABLE projects (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name    TEXT    NOT NULL UNIQUE,
    created REAL    NOT NULL
) STRICT;
INSERT INTO projects (name, created)
    SELECT folder, min(created) FROM conversations WHERE folder <> '' GROUP BY folder ORDER BY min(id);
ALTER TABLE conversations ADD COLUMN project INTEGER REFERENCES projects (id) ON DELETE SET NULL;
UPDATE conversations SET project = (SELECT id FROM projects WHERE name = folder) WHERE folder <> '';
ALTER TABLE conversations DROP COLUMN folder;
ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN deleted REAL; -- when the person deleted it; its rows go a little later

CREATE INDEX conversations_listed ON conversations (archived, pinned DESC, changed DESC, id DESC) WHERE deleted IS NULL;
CREATE INDEX conversations_of_project ON conversations (project, archived, pinned DESC, changed DESC, id DESC);
CREATE INDEX conversations_changed ON conversations (changed);
CREATE INDEX conversations_deleted ON conversations (deleted) WHERE deleted IS NOT NULL;

-- What a message consists of, in order. `text` is what people read of a part; `data` is JSON of its other fields.
CREATE TABLE parts (
    id      INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,                 -- from 0
    kind    TEXT    NOT NULL CHECK (kind IN ('text', 'image', 'call', 'result')),
    text    TEXT    NOT NULL DEFAULT '',
    data    TEXT    NOT NULL DEFAULT '{}'
) STRICT;
INSERT INTO parts (message, number, kind, text) SELECT id, 0, 'text', text FROM messages ORDER BY id;
CREATE UNIQUE INDEX parts_of_message ON parts (message, number);

-- Any piece of a word is found: see core/storage/substring.py for what `search_text` makes of a text.
DROP TABLE messages_index;
CREATE VIRTUAL TABLE messages_index USING fts5 (text, tokenize = 'trigram');
INSERT INTO messages_index (rowid, text) SELECT id, search_text(text) FROM messages WHERE state <> 'streaming';
CREATE VIRTUAL TABLE titles_index USING fts5 (text, tokenize = 'trigram');
INSERT INTO titles_index (rowid, text) SELECT id, search_text(title) FROM conversations;

-- Characters of a message's words, so that a transcript knows what a conversation consists of without reading it.
ALTER TABLE messages ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET size = length(text);
ALTER TABLE messages DROP COLUMN text;
-- The children of a message; the roots of a conversation; all of its messages in order.
DROP INDEX messages_by_conversation;
CREATE INDEX messages_by_conversation ON messages (conversation, id, parent, role, size); -- covers outlines
CREATE INDEX messages_by_parent ON messages (parent, role);
CREATE INDEX messages_roots ON messages (conversation, role) WHERE parent IS NULL;
CREATE INDEX messages_unfinished ON messages (id) WHERE state = 'streaming';

-- Counted once, when a document is stored, instead of at every look.
ALTER TABLE documents ADD COLUMN passages INTEGER NOT NULL DEFAULT 0;
UPDATE documents SET passages = (SELECT count(*) FROM passages WHERE document = documents.id);

-- Which passages an embedder has seen is counted, without reading the vectors themselves.
CREATE INDEX vectors_by_embedder ON vectors (embedder);
