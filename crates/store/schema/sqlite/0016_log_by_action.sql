-- The newest line of an action: what the last audit found.
CREATE INDEX admin_log_by_action ON admin_log (action, number);
