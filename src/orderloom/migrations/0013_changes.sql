-- Changing a confirmed order: change sets with what was previewed to whom, and the revisions that they made.
DROP TABLE orders.revision;

-- One wish to alter an order. It is previewed, as often as one likes, and then applied whole or not at all.
CREATE TABLE orders.change (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id     bigint      NOT NULL REFERENCES orders.sales_order,
    number       integer     NOT NULL CHECK (number > 0),
    state        text        NOT NULL DEFAULT 'drafted'
                 CHECK (state IN ('drafted', 'previewed', 'applied', 'withdrawn', 'stale')),
    wishes       jsonb       NOT NULL CHECK (jsonb_typeof(wishes) = 'object'),
    reason       text        NOT NULL CHECK (reason <> ''),
    based_on     integer     NOT NULL CHECK (based_on > 0),
    revision     integer     CHECK (revision > 1),
    version      integer     NOT NULL DEFAULT 1 CHECK (version > 0),
    follow_on_id bigint      REFERENCES orders.sales_order,
    drafted_by   text        NOT NULL,
    drafted_at   timestamptz NOT NULL DEFAULT base.now(),
    ended_by     text,
    ended_at     timestamptz,
    UNIQUE (order_id, number),
    CHECK ((state IN ('applied', 'withdrawn')) = (ended_at IS NOT NULL)),
    CHECK (num_nulls(ended_by, ended_at) IN (0, 2)),
    CHECK (revision IS NULL OR state = 'applied')
) WITH (fillfactor = 85);
CREATE INDEX change_follow_on ON orders.change (follow_on_id) WHERE follow_on_id IS NOT NULL;

-- What a change would have done when somebody looked. `basis` is a digest of how far the plan had come.
CREATE TABLE orders.change_preview (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change_id bigint      NOT NULL REFERENCES orders.change,
    revision  integer     NOT NULL,
    basis     text        NOT NULL,
    effects   jsonb       NOT NULL,
    seen_by   text        NOT NULL,
    seen_at   timestamptz NOT NULL DEFAULT base.now(),
    accepted  boolean     NOT NULL DEFAULT false
);
CREATE INDEX preview_of_change ON orders.change_preview (change_id, id);

-- The numbered states of an order, whole; the first is written when the second is made.
CREATE TABLE orders.revision (
    order_id  bigint      NOT NULL REFERENCES orders.sales_order,
    number    integer     NOT NULL CHECK (number > 0),
    change_id bigint      UNIQUE REFERENCES orders.change,
    content   jsonb       NOT NULL,
    made_by   text        NOT NULL,
    made_at   timestamptz NOT NULL,
    PRIMARY KEY (order_id, number),
    CHECK ((number = 1) = (change_id IS NULL))
);

-- A line that was taken out stays, with the revision that did it; its number may be given again.
ALTER TABLE orders.item
    ADD COLUMN added_in integer NOT NULL DEFAULT 1 CHECK (added_in > 0),
    ADD COLUMN replaces_id bigint,
    ADD FOREIGN KEY (order_id, replaces_id) REFERENCES orders.item (order_id, id),
    ADD CHECK (withdrawn_in > 1),
    DROP CONSTRAINT item_order_id_line_key;
CREATE UNIQUE INDEX one_item_a_line ON orders.item (order_id, line) WHERE withdrawn_in IS NULL;
