-- Messages that the person has deleted: hidden with all that followed them, until they are removed or brought back.
ALTER TABLE messages ADD COLUMN deleted REAL;
CREATE INDEX messages_deleted ON messages (deleted) WHERE deleted IS NOT NULL;

-- What was being written and is not sent: of each conversation, and of a new one (0).
CREATE TABLE drafts (
    conversation INTEGER PRIMARY KEY,
    text         TEXT NOT NULL,
    changed      REAL NOT NULL
) STRICT;

-- Messages that wait until the answer before them is there, in the order in which they are sent.
CREATE TABLE queued (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    text         TEXT    NOT NULL
) STRICT;
CREATE INDEX queued_of_conversation ON queued (conversation);
