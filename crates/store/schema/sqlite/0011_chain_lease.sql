-- One server at a time follows the chain for all that share the database.

-- The row that says who: kind 4, always there. Its claim is a lease like any other; whoever holds it
-- follows the chain, and when it is over the next one to ask does.
INSERT INTO outbox (kind, subject, due_ms, wake_ms, lease_owner, fence, nudges)
VALUES (4, zeroblob(16), 0, 0, NULL, 0, 0);
