-- Of a recording: when its words are said. msgpack of core/documents/model.py's moments.
ALTER TABLE pages ADD COLUMN moments BLOB;
