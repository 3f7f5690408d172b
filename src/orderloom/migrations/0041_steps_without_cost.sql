-- Steps of quotes stand where everybody who sees the quote may read them; what a thing costs us is in quotes.cost alone.
ALTER TABLE quotes.price_step DISABLE TRIGGER keep_frozen;
UPDATE quotes.price_step
   SET input = input - ARRAY['cost', 'markup', 'margin']
 WHERE input ?| ARRAY['cost', 'markup', 'margin'];
ALTER TABLE quotes.price_step ENABLE TRIGGER keep_frozen;
