-- The password of NAME is geheim-NAME; logins.tsv lists them. They are test data.
BEGIN;
INSERT INTO domains (domain_id, domain, maildir, uid, gid, type, enabled, quotas, maxmsgsize) VALUES
  (1, 'admin', '', 65535, 65535, NULL, 1, 0, 0),
  (2, 'example.org', '/var/vmail/example.org', 1001, 1001, 'local', 1, 500, 10240),
  (3, 'Example.NET', '/var/vmail/Example.NET', 65534, 65534, 'local', 1, 0, 0),
  (4, 'relay.example', '', 65534, 65534, 'relay', 1, 0, 0),
  (5, 'off.example', '/var/vmail/off.example', 65534, 65534, 'local', 0, 0, 0);
INSERT INTO domainalias (domain_id, alias) VALUES (2, 'example.com'), (2, 'bücher.example'), (5, 'off-too.example');

INSERT INTO users (user_id, domain_id, localpart, username, crypt, uid, gid, smtp, pop, type, admin, enabled, realname, quota, maxmsgsize,
                   on_forward, forward, unseen, on_vacation, vacation, on_piped) VALUES
  (1, 1, 'siteadmin', 'siteadmin', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65535, 65535, '', '', 'site', 1, 1, 'SiteAdmin', 0, 0, 0, NULL, 0, 0, NULL, 0),
  -- mailboxes
  (10, 2, 'anna', 'anna@example.org', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 1005, 1006, '/var/vmail/example.org/anna/Maildir', '/var/vmail/example.org/anna', 'local', 1, 1, 'Anna Müller', 100, 2048, 0, NULL, 0, 0, NULL, 0),
  (11, 2, 'bert', 'bertlogin', '$1$vexim2sa$gJm4ua9CRmgHGbSeeXgtj1', 65534, 65534, '/var/vmail/example.org/bert/Maildir', '/var/vmail/example.org/bert', 'local', 0, 1, NULL, 0, 0, 1, 'bert@elsewhere.example, Bert@Elsewhere.example ,x@elsewhere.example', 0, 0, NULL, 0),
  (12, 2, 'Carla', 'Carla@example.org', '$5$vexim3$T2uK27u2Wubr4WPbPqv6yNw8G2AMI/8Aa2WD7okSan1', 65534, 65534, '/var/vmail/example.org/Carla/Maildir', '/var/vmail/example.org/Carla', 'local', 0, 1, '', 0, 0, 1, 'c@elsewhere.example', 1, 1, 'Gr=C3=BC=C3=9Fe, ich bin im=
 Urlaub.=0D=0AKosten =3D 0', 0),
  (13, 3, 'dora', 'dora@Example.NET', 'veXVAxGM6bSkw', 65534, 65534, '/var/vmail/Example.NET/dora/Maildir', '/var/vmail/Example.NET/dora', 'local', 0, 0, 'Dora', 0, 0, 0, 'kept@elsewhere.example', 1, 0, 'for the next time', 0),
  (14, 5, 'emil', 'emil@off.example', '{SHA}kWVaxt0UVXvW8xhRWmHI8ZhwJ3E=', 65534, 65534, '/var/vmail/off.example/emil/Maildir', '/var/vmail/off.example/emil', 'local', 0, 1, 'Emil', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (15, 2, 'lat', 'lat@example.org', '$1$vexim2sa$gJm4ua9CRmgHGbSeeXgtj1', 65534, 65534, '/var/vmail/example.org/lat/Maildir', '/var/vmail/example.org/lat', 'local', 0, 1, 'Latin-1', 0, 0, 0, NULL, 0, 1, 'Gr=FC=DFe, ich bin zur=FCck', 0),
  (16, 2, 'raw', 'raw@example.org', '$1$vexim2sa$gJm4ua9CRmgHGbSeeXgtj1', 65534, 65534, '/var/vmail/example.org/raw/Maildir', '/var/vmail/example.org/raw', 'local', 0, 1, 'Not coded', 0, 0, 0, NULL, 0, 0, 'price = 5 EUR, 100=', 0),
  -- a program
  (20, 2, 'tickets', 'tickets@example.org', '*', 65534, 65534, '|/usr/local/bin/tickets --queue "a b"', '/var/vmail/example.org/tickets', 'piped', 0, 1, 'Tickets', 0, 0, 0, NULL, 0, 0, NULL, 1),
  -- aliases
  (30, 2, 'info', 'info@example.org', '*', 65534, 65534, 'anna@example.org,bert@example.org, Anna@Example.org', 'anna@example.org,bert@example.org', 'alias', 0, 1, 'Info', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (31, 2, 'noreply', 'noreply@example.org', '*', 65534, 65534, ':blackhole:', ':blackhole:', 'alias', 0, 1, '', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (32, 2, 'closed', 'closed@example.org', '*', 65534, 65534, ':fail: Closed, for good', '', 'alias', 0, 1, '', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (33, 3, 'null', 'null@Example.NET', '*', 65534, 65534, NULL, NULL, 'alias', 0, 1, NULL, 0, 0, 0, NULL, 0, 0, NULL, 0),
  -- catch-alls
  (40, 2, '*', '*@example.org', NULL, 65534, 65534, 'anna@example.org', 'anna@example.org', 'catch', 0, 1, 'CatchAll', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (41, 3, '*', '*@Example.NET', NULL, 65534, 65534, 'dora@example.net', 'dora@example.net', 'catch', 0, 0, 'CatchAll', 0, 0, 0, NULL, 0, 0, NULL, 0),
  -- refused
  (50, 2, 'spamtrap', 'spamtrap@example.org', NULL, 65534, 65534, ':fail:', ':fail:', 'fail', 0, 1, 'Fail', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (51, 2, 'moved', 'moved@example.org', NULL, 65534, 65534, 'new@elsewhere.example', 'new@elsewhere.example', 'fail', 0, 1, 'Fail', 0, 0, 0, NULL, 0, 0, NULL, 0),
  -- rows that cannot become entries
  (60, 3, 'grüße', 'grüße@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/g/Maildir', '/var/vmail/Example.NET/g', 'local', 0, 1, 'Not ASCII', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (61, 3, 'escape', 'escape@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/../../etc', '/var/vmail/../../etc', 'local', 0, 1, 'Escape', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (62, 3, 'DORA', 'DORA@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/D/Maildir', '/var/vmail/Example.NET/D', 'local', 0, 1, 'Folds', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (63, 3, 'clear', 'clear@Example.NET', 'Sommer2019!', 65534, 65534, '/var/vmail/Example.NET/c/Maildir', '/var/vmail/Example.NET/c', 'local', 0, 1, 'Clear text', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (64, 3, 'minus', 'minus@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/64/Maildir', '/var/vmail/Example.NET/64', 'local', 0, 1, 'Hostile', -1, 0, 0, NULL, 0, 0, NULL, 0),
  (65, 3, '', '@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/65/Maildir', '/var/vmail/Example.NET/65', 'local', 0, 1, 'Hostile', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (66, 3, 'two@signs', 'two@signs@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/66/Maildir', '/var/vmail/Example.NET/66', 'local', 0, 1, 'Hostile', 0, 0, 0, NULL, 0, 0, NULL, 0),
  (67, 3, 'forward-pipe', 'forward-pipe@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/67/Maildir', '/var/vmail/Example.NET/67', 'local', 0, 1, 'Hostile', 0, 0, 1, '|/usr/bin/tickets', 0, 0, NULL, 0),
  (68, 3, 'forward-file', 'forward-file@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/68/Maildir', '/var/vmail/Example.NET/68', 'local', 0, 1, 'Hostile', 0, 0, 1, '/etc/passwd', 0, 0, NULL, 0),
  (69, 3, 'forward-list', 'forward-list@Example.NET', '$6$vexim1salt$8IPxj1qdu05Q2XW1vzJvojIuSctPPi4zSZlvZqkoSjXpDXk8.UIBVGuPG1EA9OfZ/TZwMM4QMtFBW4L0tgwEl.', 65534, 65534, '/var/vmail/Example.NET/69/Maildir', '/var/vmail/Example.NET/69', 'local', 0, 1, 'Hostile', 0, 0, 1, 'x@example.net, :include:/etc/passwd', 0, 0, NULL, 0),
  (70, 3, 'list', 'list@Example.NET', '*', 65534, 65534, ':include:/etc/passwd', '', 'alias', 0, 1, NULL, 0, 0, 0, NULL, 0, 0, NULL, 0),
  (71, 3, 'file', 'file@Example.NET', '*', 65534, 65534, 'anna@example.org, /var/mail/file', '', 'alias', 0, 1, NULL, 0, 0, 0, NULL, 0, 0, NULL, 0),
  (72, 3, 'empty', 'empty@Example.NET', '*', 65534, 65534, ' , ,', '', 'alias', 0, 1, NULL, 0, 0, 0, NULL, 0, 0, NULL, 0),
  (73, 3, 'piped', 'piped@Example.NET', '*', 65534, 65534, '|', '', 'piped', 0, 1, NULL, 0, 0, 0, NULL, 0, 0, NULL, 0);

INSERT INTO groups (id, domain_id, name, is_public, enabled) VALUES (1, 2, 'staff', 'N', 1), (2, 2, 'everyone', 'Y', 1), (3, 2, 'nobody', 'Y', 0);
INSERT INTO group_contents (group_id, member_id) VALUES (1, 10), (1, 11), (1, 30), (2, 10), (2, 11), (2, 12);
COMMIT;
