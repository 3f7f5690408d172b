-- A change of a confirmed order may cancel a purchase order and send another for the same thing.
ALTER TABLE stock.purchase_order
    DROP CONSTRAINT purchase_order_vendor_subject_kind_subject_id_key;
CREATE UNIQUE INDEX one_standing_purchase_order ON stock.purchase_order (vendor, subject_kind, subject_id)
 WHERE state <> 'cancelled';
