-- What was read of a document, and by which reader: a better one reads the file again, and what was not read is said.
ALTER TABLE documents ADD COLUMN format TEXT NOT NULL DEFAULT '';     -- a key of core/documents/formats.py
ALTER TABLE documents ADD COLUMN reader INTEGER NOT NULL DEFAULT 0;   -- its version
ALTER TABLE documents ADD COLUMN notes TEXT NOT NULL DEFAULT '[]';    -- JSON: what was not read (core/documents/notes.py)
ALTER TABLE documents ADD COLUMN gone REAL;                           -- when its file was found missing
CREATE INDEX documents_by_content ON documents (collection, sha256);
CREATE INDEX documents_by_reader ON documents (reader);
CREATE INDEX documents_by_path ON documents (path);

-- The page as core/documents/model.py has it: msgpack of its blocks, and of where its lines stand.
ALTER TABLE pages ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE pages ADD COLUMN blocks BLOB;
ALTER TABLE pages ADD COLUMN lines BLOB;

-- The header of the table of which a passage is a later part.
ALTER TABLE passages ADD COLUMN header TEXT NOT NULL DEFAULT '';
