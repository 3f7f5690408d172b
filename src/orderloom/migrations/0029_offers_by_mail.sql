-- A message may carry a way in that nobody but its reader may know; no page and no API shows it.
ALTER TABLE messages.message ADD COLUMN link text NOT NULL DEFAULT '';
COMMENT ON COLUMN messages.message.link IS 'Stands for [link] in body and html when the message goes out; shown nowhere.';
