-- Nothing: in PostgreSQL the triggers look at all rows of a statement at once from here on, and here each
-- row is a statement.
SELECT 1;
