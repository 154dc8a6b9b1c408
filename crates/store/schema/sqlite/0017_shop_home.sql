-- Where a shop that moves to another database has gone, so that it goes nowhere else.

-- One row, made by the first copy. In the database that the shop leaves: which shop it is, and from the
-- moment in which it has left, its new home and what that is called. In the new one: the shop that it is set
-- aside for, the word by which it is known, and where the shop comes from. Written and read by copies; a
-- database that was left says with it where to. Belongs to the database and is never copied with the shop.
CREATE TABLE shop_home (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  shop TEXT NOT NULL,
  home TEXT,
  place TEXT
) STRICT;
