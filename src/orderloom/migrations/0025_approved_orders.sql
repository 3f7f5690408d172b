-- Orders that a policy wants approved stand still until they are.
INSERT INTO orders.hold_code (code, title, blocks, release_permission) VALUES
    ('approval', 'Waits for approval', 'all', 'approvals.override'),
    ('approval_refused', 'Approval refused', 'all', 'approvals.override');
CREATE INDEX request_of_submission ON approvals.request (submission_id);
