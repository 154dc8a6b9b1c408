-- The live orders on an address. Beside the index of all orders on an address, which the planner takes for
-- as good, one with `is_live` among its columns is the better one: what an order costs does not grow with
-- those that its address has had.
DROP INDEX orders_live;
CREATE INDEX orders_live ON orders (receiver, is_live, id) WHERE is_live = 1;
