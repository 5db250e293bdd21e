ALTER TABLE contacts ADD COLUMN favourite INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN vip INTEGER NOT NULL DEFAULT 0;     -- may ring in spite of do not disturb
ALTER TABLE contacts ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0; -- is turned away
ALTER TABLE contacts ADD COLUMN melody TEXT NOT NULL DEFAULT '';
