-- A small mail host as PostfixAdmin keeps it, for `./dev demo`: made up, with real hashes of the
-- passwords secret-NAME (anna@meadow.example logs in with secret-anna).

CREATE TABLE domain (
  domain varchar(255) PRIMARY KEY,
  description varchar(255) NOT NULL DEFAULT '',
  aliases integer NOT NULL DEFAULT 0,
  mailboxes integer NOT NULL DEFAULT 0,
  maxquota bigint NOT NULL DEFAULT 0,
  quota bigint NOT NULL DEFAULT 0,
  transport varchar(255) NOT NULL DEFAULT '',
  backupmx tinyint(1) NOT NULL DEFAULT 0,
  created datetime DEFAULT CURRENT_TIMESTAMP,
  modified datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1,
  password_expiry integer DEFAULT 0
);
CREATE TABLE admin (
  username varchar(255) PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  created datetime DEFAULT CURRENT_TIMESTAMP,
  modified datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1,
  superadmin tinyint(1) NOT NULL DEFAULT 0,
  phone varchar(30) NOT NULL DEFAULT '',
  email_other varchar(255) NOT NULL DEFAULT '',
  token varchar(255) NOT NULL DEFAULT '',
  token_validity datetime DEFAULT '2000-01-01 00:00:00',
  totp_secret varchar(255) DEFAULT NULL
);
CREATE TABLE domain_admins (
  username varchar(255) NOT NULL,
  domain varchar(255) NOT NULL,
  created datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1
);
CREATE TABLE mailbox (
  username varchar(255) PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  name varchar(255) NOT NULL DEFAULT '',
  maildir varchar(255) NOT NULL DEFAULT '',
  quota bigint NOT NULL DEFAULT 0,
  created datetime DEFAULT CURRENT_TIMESTAMP,
  modified datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1,
  domain varchar(255) NOT NULL,
  local_part varchar(255) NOT NULL,
  phone varchar(30) NOT NULL DEFAULT '',
  email_other varchar(255) NOT NULL DEFAULT '',
  token varchar(255) NOT NULL DEFAULT '',
  token_validity datetime DEFAULT '2000-01-01 00:00:00',
  password_expiry datetime DEFAULT '2000-01-01 00:00:00',
  totp_secret varchar(255) DEFAULT NULL,
  smtp_active tinyint(1) NOT NULL DEFAULT 1
);
CREATE TABLE alias (
  address varchar(255) PRIMARY KEY,
  goto text NOT NULL,
  domain varchar(255) NOT NULL,
  created datetime DEFAULT CURRENT_TIMESTAMP,
  modified datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1
);
CREATE TABLE alias_domain (
  alias_domain varchar(255) PRIMARY KEY,
  target_domain varchar(255) NOT NULL,
  created datetime DEFAULT CURRENT_TIMESTAMP,
  modified datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1
);
CREATE TABLE vacation (
  email varchar(255) PRIMARY KEY,
  subject varchar(255) NOT NULL,
  body text NOT NULL,
  cache text NOT NULL DEFAULT '',
  created datetime DEFAULT CURRENT_TIMESTAMP,
  modified datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1,
  domain varchar(255) NOT NULL,
  activefrom datetime DEFAULT '2000-01-01 00:00:00',
  activeuntil datetime DEFAULT '2038-01-18 00:00:00',
  interval_time integer NOT NULL DEFAULT 0
);
CREATE TABLE quota2 (username varchar(100) PRIMARY KEY, bytes bigint NOT NULL DEFAULT 0, messages integer NOT NULL DEFAULT 0);

INSERT INTO domain (domain, description, maxquota, quota, transport, backupmx, active) VALUES
  ('ALL', '', 0, 0, '', 0, 1),
  ('meadow.example', 'The meadow', 2000, 20000, 'virtual', 0, 1),
  ('meadow.test', 'The meadow, its other name', 0, 0, 'virtual', 0, 1),
  ('lakeside.example', 'The house at the lake', 0, 0, 'lmtp:unix:private/dovecot-lmtp', 0, 1),
  ('xn--mhle-0ra.example', 'Mühle & Söhne', 0, 0, 'virtual', 0, 1),
  ('old.example', 'Closed last year', 0, -1, 'virtual', 0, 0);
INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES ('meadow.test', 'meadow.example', 1);

-- Passwords as years of changing settings leave them. Two rows cannot go into a directory as they are:
-- zoë's address is not ASCII, and the printer's password says neither scheme nor looks like a hash.
INSERT INTO mailbox (username, password, name, maildir, quota, domain, local_part, active) VALUES
  ('anna@meadow.example', '{SHA512-CRYPT}$6$Xja80U59dm/PNZ85$LMYETvdRs3qRIgEJAgiveCCvAgJGRHmsYQAlA3K6te0F23vXIvvVkSwKaZzEYbMHHL64vFEBDfjcq7p0HoHXd0', 'Anna Fields', 'meadow.example/anna/', 2048000000, 'meadow.example', 'anna', 1),
  ('bert@meadow.example', '{BLF-CRYPT}$2y$05$pE59Wdt3oM8okSV9WckGjeGQjJJkQrGav6uucqRRLB.gDUN4G6iWG', 'Bert van den Berg', 'meadow.example/bert/', 1024000000, 'meadow.example', 'bert', 1),
  ('chloe@meadow.example', '{SSHA512}XMCBqksYuM0OTmOOW2OClCg+bJd4ifkl33kBXKVWDvrUycDFOm+Lr616NGispZF0xHkzzdZQ6IW8TrMZ6kFv7sTcgpo=', 'Chloé Dubois', 'meadow.example/chloe/', 1024000000, 'meadow.example', 'chloe', 1),
  ('dmitri@meadow.example', '{ARGON2I}$argon2i$v=19$m=32768,t=3,p=1$onbDCoIiQq7KY/oLfzNd9g$8+keu8EX9U8am2VO0XtKsffk4KbRCPwUzTpDCwL6+P8', 'Дмитрий Иванов', 'meadow.example/dmitri/', 0, 'meadow.example', 'dmitri', 1),
  ('eun-ji@meadow.example', '{SHA256-CRYPT}$5$VjkqzGGcAUE956hl$cDq5wCMAPOEu.OYq3Tml5k/LXoqf/v5K.KntO8x2BNA', '김은지', 'meadow.example/eun-ji/', 512000000, 'meadow.example', 'eun-ji', 1),
  ('fatima@meadow.example', '{SSHA256}NrDQIAiQuxjuwR9I43btUXl9x6yQ2Y+Rrilc5yIqvj/gmQAv', 'فاطمة', 'meadow.example/fatima/', 512000000, 'meadow.example', 'fatima', 1),
  ('george@meadow.example', '{MD5-CRYPT}$1$vfeZiFuy$wB.SY.vcVhEVeLwLuYiW8.', '', 'meadow.example/george/', 256000000, 'meadow.example', 'george', 1),
  ('hiro@meadow.example', '{SSHA}/CrVDpwPEgQFdSKxuOT13761FaZC3nLe', '山田 弘', 'meadow.example/hiro/', 256000000, 'meadow.example', 'hiro', 1),
  ('ines@meadow.example', '$6$meadowmeadow$svtDV9SDJEgAXx.7dB0d8OkhzEctQrkMMf4Myl6Q8cQYXel8RAkAnbc7mQ7Hw2FPlrQ7IjhGC8plkD5cKSijr0', 'Inês Sá', 'meadow.example/ines/', 256000000, 'meadow.example', 'ines', 1),
  ('jan@meadow.example', '$2y$05$meadowmeadowmeadowmeaumKuJ5xpD6J7.TQCh78RS7olPqTFTHB.', 'Jan Žižka', 'meadow.example/jan/', 256000000, 'meadow.example', 'jan', 1),
  ('kofi@meadow.example', '{PLAIN-MD5}ef53acc5552459efd1619e18ed5ee433', 'Kofi', 'meadow.example/kofi/', 256000000, 'meadow.example', 'kofi', 1),
  ('lena@lakeside.example', '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$D9sy9pSGtNeAJijKddMjHW42ygWXmPEGMMdEmQaln.C', 'Lena Søgaard', 'lakeside.example/lena/', 1024000000, 'lakeside.example', 'lena', 1),
  ('mario@lakeside.example', 'laqmGP5qDbprE', 'Mario Rossi', 'lakeside.example/mario/', 1024000000, 'lakeside.example', 'mario', 1),
  ('nora@lakeside.example', 'b209052feb03c34b88e3495b3f57dda1', 'Nora', 'lakeside.example/nora/', 512000000, 'lakeside.example', 'nora', 1),
  ('olaf@lakeside.example', '{SHA}1kSHSQNFybV/VBurOga6MmEiX9Q=', 'Olaf Græsk', 'lakeside.example/olaf/', 512000000, 'lakeside.example', 'olaf', 1),
  ('pia@lakeside.example', '{SMD5}EhW+tT4h/pcITofbAHo7/hd70D0=', 'Pia', 'lakeside.example/pia/', 512000000, 'lakeside.example', 'pia', 1),
  ('quentin@lakeside.example', '{SHA512}4g3VPXTy5QxmMmK+LYlKGtCiHnqizsbCILwVEf01OKNjh8TPqZS6Gp/P9IwqaHUVARKgbJO1/Z3cAjFJTVTYmg==', 'Quentin', 'lakeside.example/quentin/', 512000000, 'lakeside.example', 'quentin', 1),
  ('rosa@lakeside.example', '{SHA256}6o3INVQsPIsDKD4Why05nuPF0PpK7O3DijowqdVrr4g=', 'Rosa', 'lakeside.example/rosa/', 512000000, 'lakeside.example', 'rosa', 0),
  ('sven@lakeside.example', '{SHA512-CRYPT.B64}JDYkOFhQM1JCUDRBVURhZG9YNCRqSkM2V3dkLllyUDI0T1E0QmllR3ZYMXpaaFlFbUdCRVhRWTNYZHI5T3Q2YVZmbUJMSkpLVk01SXpEZzkuVmxVbHVON2hwYy9QSXNvcUl2cWFRRktRMQ==', 'Sven', 'lakeside.example/sven/', 512000000, 'lakeside.example', 'sven', 1),
  ('tove@lakeside.example', '{md5raw}cdd523381a9cd409632f9bf77df6387e', 'Tove', 'lakeside.example/tove/', -1, 'lakeside.example', 'tove', 1),
  ('uwe@xn--mhle-0ra.example', '{LDAP-MD5}EFqfxmvzM3EytRshqcccVg==', 'Uwe Mühle', 'xn--mhle-0ra.example/uwe/', 0, 'xn--mhle-0ra.example', 'uwe', 1),
  ('Vera@xn--mhle-0ra.example', '$1$mill$jNiwIX.4atDMy3PFstCkd.', 'Vera', 'xn--mhle-0ra.example/vera/', 0, 'xn--mhle-0ra.example', 'Vera', 1),
  ('walter@xn--mhle-0ra.example', '{CRAM-MD5}f1a57ac7d9e69ab85e0f90a70a908976c9786b091e81e915087549a6bcaff775', 'Walter', 'xn--mhle-0ra.example/walter/', 0, 'xn--mhle-0ra.example', 'walter', 1),
  ('xenia@xn--mhle-0ra.example', '{PLAIN}secret-xenia', 'Xenia', 'xn--mhle-0ra.example/xenia/', 0, 'xn--mhle-0ra.example', 'xenia', 1),
  ('yann@old.example', '$5$old$Xb6GB/I9r7XEa3hcxwjnHuGDL67NfI7TaF5o46gX2YC', 'Yann', 'old.example/yann/', 0, 'old.example', 'yann', 1),
  ('zoë@lakeside.example', '{SSHA512}K19S9bUEApucQYNUYGzr2q9NSnDdn92yyizzwQkXYQC7czm/4/+mDTsffG5bV0m96x8fdVG2+o+2Snr49Rq6zsNgvfQ=', 'Zoë', 'lakeside.example/zoe/', 0, 'lakeside.example', 'zoë', 1),
  ('printer@lakeside.example', 'Scan2Mail!', 'Scanner in the hall', 'lakeside.example/printer/', 0, 'lakeside.example', 'printer', 1);

-- Each mailbox has an alias of its own address: with itself in goto a copy stays.
INSERT INTO alias (address, goto, domain, active) SELECT username, username, domain, active FROM mailbox;
UPDATE alias SET goto = 'bert@meadow.example,bert@elsewhere.example' WHERE address = 'bert@meadow.example';
UPDATE alias SET goto = 'jan@elsewhere.example, Jan@Elsewhere.example' WHERE address = 'jan@meadow.example';
UPDATE alias SET goto = 'lena@lakeside.example,lena#lakeside.example@autoreply.example.org' WHERE address = 'lena@lakeside.example';
INSERT INTO vacation (email, subject, body, domain, active, activefrom, activeuntil, interval_time) VALUES
  ('lena@lakeside.example', 'Auf dem See ⛵', 'Hej!
Jeg er på søen til den 1. september.
Lena', 'lakeside.example', 1, '2026-08-01 00:00:00', '2026-08-31 23:59:59', 86400);

INSERT INTO alias (address, goto, domain, active) VALUES
  ('info@meadow.example', 'anna@meadow.example,bert@meadow.example', 'meadow.example', 1),
  ('team@meadow.example', 'anna@meadow.example,bert@meadow.example,chloe@meadow.example,dmitri@meadow.example', 'meadow.example', 1),
  ('postmaster@meadow.example', 'anna@meadow.example', 'meadow.example', 1),
  ('sales@meadow.example', ' chloe@meadow.example , Chloe@Meadow.example,,office@elsewhere.example', 'meadow.example', 1),
  ('jobs@meadow.example', 'hiro@meadow.example', 'meadow.example', 0),
  ('@lakeside.example', 'mario@lakeside.example', 'lakeside.example', 1),
  ('boats@lakeside.example', 'lena@lakeside.example,mario@lakeside.example', 'lakeside.example', 1),
  ('office@xn--mhle-0ra.example', 'uwe@mühle.example', 'xn--mhle-0ra.example', 1),
  ('@old.example', '@meadow.example', 'old.example', 1),
  ('backups@xn--mhle-0ra.example', 'root', 'xn--mhle-0ra.example', 1);

INSERT INTO admin (username, password, superadmin) VALUES ('anna@meadow.example', '{CRYPT}*', 1);
INSERT INTO domain_admins (username, domain) VALUES ('anna@meadow.example', 'ALL');
