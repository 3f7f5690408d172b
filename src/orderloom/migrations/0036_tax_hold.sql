-- What cannot be invoiced because a tax rate is missing holds the billing of its order, until the rate is there.
INSERT INTO orders.hold_code (code, title, blocks, release_permission)
VALUES ('tax', 'Tax rate missing', 'billing', 'billing.write');
