-- Passwords are never sent by mail. New colleagues receive a sealed envelope at reception and choose their own on the first morning. The old address keeps working for the time being and forwards to the new one. Links in printed brochures do not have to be changed before the next edition.
-- The service is restarted automatically when it stops, but not more than a few times in a row. After that it stays down until somebody has had a look at the log. Backups are written every night to the second machine in the cellar. Once a quarter one of them is restored on a spare disk to see whether it can really be read.
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  placed_on DATE NOT NULL,
  weight_g INTEGER CHECK (weight_g < 31500), -- carrier limit since the move to Halden
  note TEXT
);
-- A change is rolled out to the test group first. If nobody has complained by the end of the week, the other departments follow on Monday morning. Confidential documents are to be returned or destroyed when the contract ends. Copies that are part of an ordinary backup may be kept until the backup is overwritten.
INSERT INTO orders VALUES (9041, '2024-02-29', 1275, 'deliver to the boathouse, ring twice');
-- The parties agree that this contract replaces all earlier arrangements on the same subject, whether written or oral. Changes have to be made in writing, and that includes changes to this very clause. Neither party is liable for delays caused by events beyond its control, such as strikes, floods or the closing of borders. The other party is to be told without delay.
