-- Rows for both engines: flags as '0' and '1', which both take.
-- The password of pw-SCHEME is geheim-SCHEME; logins.tsv lists them. They are test data.
INSERT INTO domain (domain, description, maxquota, quota, transport, backupmx, active) VALUES
  ('ALL', '', 0, 0, '', '0', '1'),
  ('example.org', 'One user for each kind of password', 0, 0, 'virtual', '0', '1'),
  ('example.com', 'Another name of example.org', 0, 0, 'virtual', '0', '1'),
  ('old.example', 'A former name of example.org', 0, 0, 'virtual', '0', '1'),
  ('example.net', 'Names, forwards, absences', 100, 2048, 'lmtp:unix:private/dovecot-lmtp', '0', '1'),
  ('mixed.example', 'Another name of example.net, with users of its own', 0, -1, 'virtual', '0', '1'),
  ('backup.example', 'Backup MX', 0, 0, 'virtual', '1', '1'),
  ('off.example', 'Switched off', 0, 0, 'virtual', '0', '0'),
  ('xn--bcher-kva.example', 'IDN as A-labels', 0, 0, 'virtual', '0', '1'),
  ('straße.example', 'IDN as typed', 0, 0, 'virtual', '0', '1'),
  ('loop-a.example', 'In a circle', 0, 0, 'virtual', '0', '1'),
  ('loop-b.example', 'In a circle', 0, 0, 'virtual', '0', '1'),
  ('hostile.example', ' #a,b+c"d\e;<f>=(*)|&
second line ', 0, 0, 'virtual', '0', '1');

INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES
  ('example.com', 'example.org', '1'),
  ('old.example', 'example.org', '0'),
  ('mixed.example', 'example.net', '1'),
  ('loop-a.example', 'loop-b.example', '1'),
  ('loop-b.example', 'loop-a.example', '1');

-- Every kind of password.
INSERT INTO mailbox (username, password, maildir, domain, local_part) VALUES
  ('pw-sha512-crypt@example.org', '{SHA512-CRYPT}$6$LgFU2sB8gxy9oC1e$SiP5aET.AOsKPyu.kuCYBpviCHycRHLJd1NVeycrp0dGpqslXSRDDBNiN4Ac4CTqgimZ2Ll1xvfWsY/ShEBhr1', 'example.org/pw-sha512-crypt/', 'example.org', 'pw-sha512-crypt'),
  ('pw-sha256-crypt@example.org', '{SHA256-CRYPT}$5$.QcM4Ivwf3w3hvzK$CWrxIN0hfjvQELwXPa9iK8EUBQcfdQp99DkfqoNPix9', 'example.org/pw-sha256-crypt/', 'example.org', 'pw-sha256-crypt'),
  ('pw-md5-crypt@example.org', '{MD5-CRYPT}$1$0xo6ufNN$G4QMjYLEDwCYqBndaolyL0', 'example.org/pw-md5-crypt/', 'example.org', 'pw-md5-crypt'),
  ('pw-blf-crypt@example.org', '{BLF-CRYPT}$2y$05$OQ2CpS7DzPkSjW20aiFA9u3jviPKT.GHsJ0CuYrzwxzvQLZmQZ1lW', 'example.org/pw-blf-crypt/', 'example.org', 'pw-blf-crypt'),
  ('pw-des-crypt@example.org', '{DES-CRYPT}xwwWRK4IpI9sk', 'example.org/pw-des-crypt/', 'example.org', 'pw-des-crypt'),
  ('pw-ssha@example.org', '{SSHA}l3Z4FFILn/S9O9vusP5KQzABlPdnZ8NU', 'example.org/pw-ssha/', 'example.org', 'pw-ssha'),
  ('pw-sha@example.org', '{SHA}2wineFJNZ3ShhvJjSYyZbot2gJI=', 'example.org/pw-sha/', 'example.org', 'pw-sha'),
  ('pw-sha1@example.org', '{SHA1}TEomj9R2q19uxIRsevTOiFgk+/8=', 'example.org/pw-sha1/', 'example.org', 'pw-sha1'),
  ('pw-smd5@example.org', '{SMD5}HgsWrxJup5eoSQ5Y6jvTuZHyz7Q=', 'example.org/pw-smd5/', 'example.org', 'pw-smd5'),
  ('pw-ssha256@example.org', '{SSHA256}lOBwHiFMHQYh/2WDsNJxm+B9SthfFZanAW17LkNoJU7pixmT', 'example.org/pw-ssha256/', 'example.org', 'pw-ssha256'),
  ('pw-ssha512@example.org', '{SSHA512}HXp7FT87qwKtxmja0JFbs8mbi0Fy4eQY8/pWnfSragaParbqRBG+jTJpKKXYHBnv933P1HnL/GH7nclyLhJ540g5GKc=', 'example.org/pw-ssha512/', 'example.org', 'pw-ssha512'),
  ('pw-sha256@example.org', '{SHA256}ZWZlTwu3Zv4jb+BAEzaNrHPVqHLri+TFcY/AmMuvsQM=', 'example.org/pw-sha256/', 'example.org', 'pw-sha256'),
  ('pw-sha512@example.org', '{SHA512}uVVC/Mp4RG7Ca9pdUgoMYrS0x4H4/N9eByYZjd3kffNe49w6KDmTlcuGy543Nn26jlygX2zEQAzuEjie6uTejA==', 'example.org/pw-sha512/', 'example.org', 'pw-sha512'),
  ('pw-plain-md5@example.org', '{PLAIN-MD5}b80df7537075130bfdbf415742228213', 'example.org/pw-plain-md5/', 'example.org', 'pw-plain-md5'),
  ('pw-ldap-md5@example.org', '{LDAP-MD5}AbnFfni9ergkt0FvBp5wvQ==', 'example.org/pw-ldap-md5/', 'example.org', 'pw-ldap-md5'),
  ('pw-argon2i@example.org', '{ARGON2I}$argon2i$v=19$m=32768,t=3,p=1$T7Tjd/trR4j7iS2jXCPTBA$7v5bnhklFBTM4X5oEQ8B/clJ34LPxEH+eu4Mja7cz6Q', 'example.org/pw-argon2i/', 'example.org', 'pw-argon2i'),
  ('pw-pbkdf2@example.org', '{PBKDF2}$1$NpoKvJ1TH3ZqZSO.$5000$1c9bf14ce639181b9b48d6e98d6f4b1971bbdfd4', 'example.org/pw-pbkdf2/', 'example.org', 'pw-pbkdf2'),
  ('pw-sha512-crypt-b64@example.org', '{SHA512-CRYPT.B64}JDYkL2NYT2poSmlEUHZ2am8xeCRuZWQvdUZ1Snk0ZkhyU1E1dVBDdkJCQjIydFM1VWhMUVc0MHZtalNyMGsxN2w4RlhWcTVaUjdIbnFiRkV6VFNyRlFDL29FdENXay95M09zaGxnanJ1MA==', 'example.org/pw-sha512-crypt-b64/', 'example.org', 'pw-sha512-crypt-b64'),
  ('pw-sha512-hex@example.org', '{SHA512.HEX}d95ab1dc218756664d556a1be039cd713dbee92706b2b214c66e7aae87b46b8053696b6114fe6bc6c317386195953f58cb967e167b0fc15b5aada70f7eb58040', 'example.org/pw-sha512-hex/', 'example.org', 'pw-sha512-hex'),
  ('pw-plain@example.org', '{PLAIN}geheim-plain', 'example.org/pw-plain/', 'example.org', 'pw-plain'),
  ('pw-cleartext@example.org', '{CLEARTEXT}geheim-cleartext', 'example.org/pw-cleartext/', 'example.org', 'pw-cleartext'),
  ('pw-argon2-bare@example.org', '$argon2i$v=19$m=4096,t=3,p=1$H1EDw6PnadqbLypXCFG9Kg$3ceCveWxy3GF/NbQn5vQlcBX2uIXHCESrtaTDVVAcJI', 'example.org/pw-argon2-bare/', 'example.org', 'pw-argon2-bare'),
  ('pw-md5-means-crypt@example.org', '{MD5}$1$h7xW14xp$uQG8XDXpn2o3mMFuIDfx0.', 'example.org/pw-md5-means-crypt/', 'example.org', 'pw-md5-means-crypt'),
  ('pw-bare-6@example.org', '$6$saltsaltsalt$kSVq44brl6S/QloUpSHVjAaZCwj0504E4fPfrjjMa8zrxqPXFjF4/aEE62toBkLuaWQtFjqhtj/mic4cdgWIt1', 'example.org/pw-bare-6/', 'example.org', 'pw-bare-6'),
  ('pw-bare-5@example.org', '$5$saltsalt$W9kZIGvweR04Rp1C9F3ShvDiSLbNbFkkHwYDF4IXhI6', 'example.org/pw-bare-5/', 'example.org', 'pw-bare-5'),
  ('pw-bare-1@example.org', '$1$saltsalt$aL9zlKoSNFpafUMKbyzzR.', 'example.org/pw-bare-1/', 'example.org', 'pw-bare-1'),
  ('pw-bare-2a@example.org', '$2a$05$abcdefghijklmnopqrstuu.sJEzD2MomT.Bvkam9jE73IrshGJYuG', 'example.org/pw-bare-2a/', 'example.org', 'pw-bare-2a'),
  ('pw-bare-2y@example.org', '$2y$05$bbcdefghijklmnopqrstuuOpRmM/wLL80Ip0Ksx3sJlo0bscW35cq', 'example.org/pw-bare-2y/', 'example.org', 'pw-bare-2y'),
  ('pw-bare-yescrypt@example.org', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$992g.DV0NItIOdaDx.KtCSWb6YFH0C/HduPZHNiPUeB', 'example.org/pw-bare-yescrypt/', 'example.org', 'pw-bare-yescrypt'),
  ('pw-bare-des@example.org', 'abi82GSff1Iv6', 'example.org/pw-bare-des/', 'example.org', 'pw-bare-des'),
  ('pw-bare-md5@example.org', 'b42e9f648d891314baaa5f2c21563282', 'example.org/pw-bare-md5/', 'example.org', 'pw-bare-md5'),
  ('pw-md5raw@example.org', '{md5raw}405e906bff41d54da3b590a26ddfb7a3', 'example.org/pw-md5raw/', 'example.org', 'pw-md5raw'),
  ('pw-md5-base64@example.org', '{md5}azUreM83AOOB+MIqRf8kJA==', 'example.org/pw-md5-base64/', 'example.org', 'pw-md5-base64'),
  ('pw-crypt-small@example.org', '{crypt}cdJnubEG4WZ.Q', 'example.org/pw-crypt-small/', 'example.org', 'pw-crypt-small'),
  ('pw-cram-md5@example.org', '{CRAM-MD5}09d18b324ac41cff544dd17fae563087e26bae9254ef795939458650f933445d', 'example.org/pw-cram-md5/', 'example.org', 'pw-cram-md5'),
  ('pw-digest-md5@example.org', '{DIGEST-MD5}25f70e3e2df005fa1c290adb14d00feb', 'example.org/pw-digest-md5/', 'example.org', 'pw-digest-md5'),
  ('pw-scram-sha-1@example.org', '{SCRAM-SHA-1}4096,ELAEPNilTOSOtV/+E4Qpyw==,Rz5VLgZfOJg6q4u862JKuQbODFw=,NdGuGoD5pzp22A/ZX8+a218guHY=', 'example.org/pw-scram-sha-1/', 'example.org', 'pw-scram-sha-1'),
  ('pw-scram-sha-256@example.org', '{SCRAM-SHA-256}4096,JY+s3JDgaZiyIs1TOJNTsg==,0kjnSDXVlx8jO1PyZ75O8COXmORxo/yOEH+14GHFnQs=,wyV8ZQoRANQCHzJC5U8rkGg23St0PBB9U7nkArUYS5k=', 'example.org/pw-scram-sha-256/', 'example.org', 'pw-scram-sha-256'),
  ('pw-otp@example.org', '{OTP}sha1 1024 f10705c3b8ad47a8 55e14f11821e667f', 'example.org/pw-otp/', 'example.org', 'pw-otp'),
  ('pw-apr1@example.org', '$apr1$abcdefgh$Ts0F6OJuUWIg7bdCQCCU61', 'example.org/pw-apr1/', 'example.org', 'pw-apr1'),
  ('pw-none@example.org', '', 'example.org/pw-none/', 'example.org', 'pw-none'),
  ('pw-star@example.org', '*', 'example.org/pw-star/', 'example.org', 'pw-star');
INSERT INTO alias (address, goto, domain) SELECT username, username, domain FROM mailbox;

-- No scheme, and no look of a hash: refused.
INSERT INTO mailbox (username, password, maildir, domain, local_part) VALUES
  ('pw-unprefixed@example.org', 'Sommer2019!', 'example.org/pw-unprefixed/', 'example.org', 'pw-unprefixed');

-- Names, quotas, forwards.
INSERT INTO mailbox (username, password, name, maildir, quota, domain, local_part, active) VALUES
  ('anna@example.net', '{PLAIN}geheim-anna', 'Anna Müller', 'example.net/anna/', 1048576000, 'example.net', 'anna', '1'),
  ('bert@example.net', '{PLAIN}geheim-bert', '', 'example.net/bert/', -1, 'example.net', 'bert', '1'),
  ('carla@example.net', '{PLAIN}geheim-carla', '李小龙', 'example.net/carla/', 0, 'example.net', 'carla', '1'),
  ('dora@example.net', '{PLAIN}geheim-dora', 'Dora', 'example.net/dora@example.net/', 0, 'example.net', 'dora', '1'),
  ('Emil@Example.NET', '{PLAIN}geheim-emil', 'Emil', 'E/example.net/emil/', 0, 'example.net', 'Emil', '1'),
  ('frieda@example.net', '{PLAIN}geheim-frieda', 'Frieda', '', 0, 'example.net', 'frieda', '1'),
  ('gustav@example.net', '{PLAIN}geheim-gustav', '  ', 'example.net/gustav/', 0, 'example.net', 'gustav', '0'),
  ('hanna@example.net', '{PLAIN}geheim-hanna', 'Hanna', 'example.net/hanna/', 0, 'example.net', 'hanna', '1'),
  ('ida@example.net', '{PLAIN}geheim-ida', 'Ida', 'example.net/ida/', 0, 'example.net', 'ida', '1'),
  ('anna@mixed.example', '{PLAIN}geheim-mixed', 'Another Anna', 'mixed.example/anna/', 0, 'mixed.example', 'anna', '1'),
  ('o''brien+tag@example.net', '{PLAIN}geheim-obrien', 'O''Brien', 'example.net/obrien/', 0, 'example.net', 'o''brien+tag', '1'),
  ('max@xn--bcher-kva.example', '{PLAIN}geheim-max', 'Max', 'xn--bcher-kva.example/max/', 0, 'xn--bcher-kva.example', 'max', '1'),
  ('eva@straße.example', '{PLAIN}geheim-eva', 'Eva', 'xn--strae-oqa.example/eva/', 0, 'straße.example', 'eva', '1'),
  ('off@off.example', '{PLAIN}geheim-off', 'In a domain that is off', 'off.example/off/', 0, 'off.example', 'off', '1');

INSERT INTO alias (address, goto, domain, active) VALUES
  ('anna@example.net', 'anna@example.net,anna@elsewhere.example', 'example.net', '1'),
  ('bert@example.net', ' bert@elsewhere.example , Bert@Elsewhere.example,,root', 'example.net', '1'),
  ('carla@example.net', 'carla@example.net,carla#example.net@autoreply.example.org', 'example.net', '1'),
  ('dora@example.net', 'dora@example.net,dora@bücher.example', 'example.net', '1'),
  ('Emil@Example.NET', 'emil@example.net', 'example.net', '1'),
  ('gustav@example.net', 'gustav@elsewhere.example', 'example.net', '0'),
  ('hanna@example.net', 'hanna@elsewhere.example', 'example.net', '0'),
  ('anna@mixed.example', 'anna@mixed.example', 'mixed.example', '1'),
  ('o''brien+tag@example.net', 'o''brien+tag@example.net', 'example.net', '1'),
  ('max@xn--bcher-kva.example', 'max@xn--bcher-kva.example', 'xn--bcher-kva.example', '1'),
  ('eva@straße.example', 'eva@straße.example', 'straße.example', '1'),
  ('off@off.example', 'off@off.example', 'off.example', '1');

INSERT INTO vacation (email, subject, body, domain, active, activefrom, activeuntil, interval_time) VALUES
  ('carla@example.net', 'Bin im Urlaub ☀', 'Guten Tag,
ich bin erst am 1. September zurück.
Grüße, Carla', 'example.net', '1', '2026-08-01 00:00:00', '2026-08-31 23:59:59', 86400),
  ('ida@example.net', 'Old notice', 'Kept for the next time.', 'example.net', '0', '2000-01-01 00:00:00', '2038-01-18 00:00:00', 0);

-- Letter case as MySQL left it: the alias rows and notices of a mailbox are found all the same.
INSERT INTO mailbox (username, password, name, maildir, domain, local_part) VALUES
  ('lower@example.net', '{PLAIN}geheim-lower', 'Lower', 'example.net/lower/', 'example.net', 'lower'),
  ('Upper@example.net', '{PLAIN}geheim-upper', 'Upper', 'example.net/upper/', 'example.net', 'Upper'),
  ('twin@example.net', '{PLAIN}geheim-twin', 'Twin', 'example.net/twin/', 'example.net', 'twin'),
  ('nora@example.net', '{PLAIN}geheim-nora', 'Nora', 'example.net/nora/', 'example.net', 'nora'),
  ('otto@example.net', '{PLAIN}geheim-otto', 'Otto', 'example.net/otto/', 'example.net', 'otto'),
  ('paula@example.net', '{PLAIN}geheim-paula', 'Paula', 'example.net/paula/', 'example.net', 'paula');
INSERT INTO alias (address, goto, domain) VALUES
  ('Lower@Example.net', 'lower@example.net,copy@elsewhere.example', 'example.net'),
  ('upper@example.net', 'Upper@Example.net,copy@elsewhere.example', 'example.net'),
  ('twin@example.net', 'twin@example.net', 'example.net'),
  ('Twin@example.net', 'dead@elsewhere.example', 'example.net'),
  ('nora@example.net', 'nora@example.net,nora#example.net@autoreply.example.org', 'example.net'),
  ('otto@example.net', 'otto@example.net,otto#example.net@autoreply.example.org', 'example.net'),
  ('paula@example.net', 'paula@example.net,paula#example.net@autoreply.example.org,paula@[192.0.2.1]', 'example.net');
-- The notice is off, though alias.goto still sends to it; and Paula has none at all.
INSERT INTO vacation (email, subject, body, domain, active) VALUES
  ('nora@example.net', 'Off', 'Text of last summer', 'example.net', '0'),
  ('Otto@Example.net', 'On', 'Back soon', 'example.net', '1');

-- Aliases.
INSERT INTO alias (address, goto, domain, active) VALUES
  ('info@example.org', 'pw-ssha@example.org,pw-sha@example.org', 'example.org', '1'),
  ('@example.org', 'pw-ssha@example.org', 'example.org', '1'),
  ('@example.net', '@elsewhere.example', 'example.net', '1'),
  ('Sales@Example.net', 'anna@example.net,Anna@Example.net, anna@example.net ,bert@example.net', 'example.net', '1'),
  ('self@example.net', 'self@example.net', 'example.net', '1'),
  ('circle@loop-a.example', 'circle@loop-b.example', 'loop-a.example', '1'),
  ('circle@loop-b.example', 'circle@loop-a.example', 'loop-b.example', '1'),
  ('gone@example.net', 'anna@example.net', 'example.net', '0'),
  ('local@example.net', 'www-data,backup', 'example.net', '1'),
  ('team@backup.example', 'anna@example.net', 'backup.example', '1'),
  ('info@mixed.example', 'anna@mixed.example', 'mixed.example', '1');

-- What an attacker or an old tool may have left.
INSERT INTO mailbox (username, password, name, maildir, domain, local_part) VALUES
  ('a,b+c"d\e;f=g@hostile.example', '{PLAIN}geheim-hostile', ' #Name,+"\;<>=(*)|&', 'hostile.example/1/', 'hostile.example', 'a,b+c"d\e;f=g'),
  ('*)(uid=*@hostile.example', '{PLAIN}geheim-filter', 'First line
dn: cn=second line', 'hostile.example/2/', 'hostile.example', '*)(uid=*'),
  ('escape@hostile.example', '{PLAIN}geheim-escape', 'Escape', '../../../etc/', 'hostile.example', 'escape'),
  ('grüße@hostile.example', '{PLAIN}geheim-gruss', 'Not ASCII', 'hostile.example/4/', 'hostile.example', 'grüße'),
  ('fold@hostile.example', '{PLAIN}geheim-fold', 'Fold', 'hostile.example/5/', 'hostile.example', 'fold'),
  ('FOLD@hostile.example', '{PLAIN}geheim-fold', 'Fold again', 'hostile.example/6/', 'hostile.example', 'FOLD'),
  ('@hostile.example', '{PLAIN}geheim-nobody', 'No local part', 'hostile.example/7/', 'hostile.example', ''),
  ('two@signs@hostile.example', '{PLAIN}geheim-two', 'Two signs', 'hostile.example/8/', 'hostile.example', 'two@signs');
INSERT INTO mailbox (username, password, name, maildir, quota, domain, local_part) VALUES
  ('minus@hostile.example', '{PLAIN}geheim-minus', 'Less than nothing', 'hostile.example/9/', -5, 'hostile.example', 'minus');
INSERT INTO alias (address, goto, domain) VALUES
  ('umlaut@hostile.example', 'jürgen@elsewhere.example', 'hostile.example'),
  ('pipe@hostile.example', '|/usr/bin/tickets --queue a, b', 'hostile.example'),
  ('quoted@hostile.example', '"|/usr/bin/tickets"', 'hostile.example'),
  ('list@hostile.example', 'anna@example.net,:include:/etc/passwd', 'hostile.example'),
  ('file@hostile.example', '/var/mail/file', 'hostile.example'),
  ('empty@hostile.example', ',, ,', 'hostile.example');

INSERT INTO admin (username, password, superadmin) VALUES ('admin@example.org', '{PLAIN}geheim-admin', '1');
INSERT INTO domain_admins (username, domain) VALUES ('admin@example.org', 'ALL');
