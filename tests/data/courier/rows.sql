-- The password of NAME is geheim-NAME; logins.tsv lists them. They are test data.
INSERT INTO passwd (id, crypt, clear, name, uid, gid, home, maildir, quota) VALUES
  ('anna@example.org', '$1$courier1$DpmbFTelqlnxLLk7r8CUY0', '', 'Anna', 1001, 1001, '/home/vmail/anna', '', '10000000S,1000C'),
  ('bert', '', 'geheim-bert', '', 65534, 65534, '/home/vmail/bert', 'Mail', '5000000S'),
  ('Carla@example.net', '{SHA}p/GTxM2v7A+3CfPBz8hjXRWGb/E=', 'unused', 'Carla Müller', 1001, 1001, '/home/vmail/carla', '/srv/mail/carla', ''),
  ('dora@example.net', '', '', '', 1001, 1001, '/home/vmail/dora', '', '1000C'),
  ('emil@nodomain..example', '', 'geheim-emil', '', 1001, 1001, '/home/vmail/emil', '', ''),
  ('frieda@example.net', '', 'geheim-frieda', '', 1001, 1001, '/home/../etc', '', '');
