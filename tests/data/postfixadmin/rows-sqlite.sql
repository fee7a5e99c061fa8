-- What only SQLite lets through: rows without their domain, text in flag columns, days that are none,
-- bytes that are not UTF-8.
INSERT INTO mailbox (username, password, maildir, domain, local_part) VALUES
  ('orphan@gone.example', '{PLAIN}geheim-orphan', 'gone.example/orphan/', 'gone.example', 'orphan');
INSERT INTO alias (address, goto, domain) VALUES ('lost@gone.example', 'anna@example.net', 'gone.example');

INSERT INTO mailbox (username, password, name, maildir, domain, local_part, active, created) VALUES
  ('textflag@example.net', '{PLAIN}geheim-textflag', 'Flag as text', 'example.net/textflag/', 'example.net', 'textflag', 'true', '0000-00-00 00:00:00'),
  ('noflag@example.net', '{PLAIN}geheim-noflag', 'No flag', 'example.net/noflag/', 'example.net', 'noflag', 'perhaps', '0000-00-00 00:00:00');
INSERT INTO vacation (email, subject, body, domain, active, activefrom, activeuntil, interval_time) VALUES
  ('textflag@example.net', 'Zeros', 'Days that are none', 'example.net', 1, '0000-00-00 00:00:00', '0000-00-00 00:00:00', 1);
INSERT INTO mailbox (username, password, name, maildir, domain, local_part) VALUES
  ('latin1@example.net', '{PLAIN}geheim-latin1', CAST(X'4AFC7267656E' AS text), 'example.net/latin1/', 'example.net', 'latin1');
-- A domain in another letter case than its own row: PostgreSQL's foreign key does not let it in.
INSERT INTO mailbox (username, password, maildir, domain, local_part) VALUES
  ('mix@example.org', '{PLAIN}geheim-mix', 'example.org/mix/', 'Example.ORG', 'mix');
