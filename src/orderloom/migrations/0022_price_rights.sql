-- Who of the shipped roles may see cost, and how far each may go with prices by hand.
UPDATE parties.role
   SET permissions = permissions || CASE code
           WHEN 'approver' THEN '{catalog.cost,prices.discount,prices.discount_any,prices.below_floor}'::text[]
           WHEN 'order_manager' THEN '{prices.discount}'::text[]
           ELSE '{catalog.cost}'::text[] END
 WHERE is_shipped
   AND code IN ('approver', 'order_manager', 'catalog_manager', 'auditor');
