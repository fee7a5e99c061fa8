-- Tables of PostfixAdmin 4.0 in SQLite, where nothing enforces what PostgreSQL enforces.
CREATE TABLE config (id integer PRIMARY KEY AUTOINCREMENT, name varchar(20) NOT NULL UNIQUE, value varchar(20) NOT NULL);
INSERT INTO config (name, value) VALUES ('version', '1851');

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
CREATE INDEX mailbox_username_active ON mailbox (username, active);
CREATE TABLE alias (
  address varchar(255) PRIMARY KEY,
  goto text NOT NULL,
  domain varchar(255) NOT NULL,
  created datetime DEFAULT CURRENT_TIMESTAMP,
  modified datetime DEFAULT CURRENT_TIMESTAMP,
  active tinyint(1) NOT NULL DEFAULT 1
);
CREATE INDEX alias_address_active ON alias (address, active);
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
CREATE TABLE vacation_notification (
  on_vacation varchar(255) NOT NULL,
  notified varchar(255) NOT NULL,
  notified_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (on_vacation, notified)
);
CREATE TABLE quota (
  username varchar(255) NOT NULL, path varchar(100) NOT NULL, current bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (username, path)
);
CREATE TABLE quota2 (username varchar(100) PRIMARY KEY, bytes bigint NOT NULL DEFAULT 0, messages integer NOT NULL DEFAULT 0);
CREATE TABLE fetchmail (
  id integer PRIMARY KEY AUTOINCREMENT,
  domain varchar(255) DEFAULT '',
  mailbox varchar(255) NOT NULL DEFAULT '',
  src_server varchar(255) NOT NULL DEFAULT '',
  src_auth varchar(15) NOT NULL,
  src_user varchar(255) NOT NULL DEFAULT '',
  src_password varchar(255) NOT NULL DEFAULT '',
  src_folder varchar(255) NOT NULL DEFAULT '',
  poll_time integer NOT NULL DEFAULT 10,
  fetchall tinyint(1) NOT NULL DEFAULT 0,
  keep tinyint(1) NOT NULL DEFAULT 0,
  protocol varchar(15) NOT NULL,
  usessl tinyint(1) NOT NULL DEFAULT 0,
  active tinyint(1) NOT NULL DEFAULT 0
);
CREATE TABLE log (
  id integer PRIMARY KEY AUTOINCREMENT,
  "timestamp" datetime DEFAULT CURRENT_TIMESTAMP,
  username varchar(255) NOT NULL DEFAULT '',
  domain varchar(255) NOT NULL DEFAULT '',
  action varchar(255) NOT NULL DEFAULT '',
  data text NOT NULL DEFAULT ''
);
CREATE TABLE mailbox_app_password (
  id integer PRIMARY KEY AUTOINCREMENT, username varchar(255) DEFAULT NULL, description varchar(255) DEFAULT NULL,
  password_hash varchar(255) DEFAULT NULL
);
CREATE TABLE totp_exception_address (
  id integer PRIMARY KEY AUTOINCREMENT, ip varchar(46) NOT NULL, username varchar(255) DEFAULT NULL, description varchar(255) DEFAULT NULL
);
CREATE TABLE dkim (
  id integer PRIMARY KEY AUTOINCREMENT, domain_name varchar(255) NOT NULL,
  description varchar(255) DEFAULT '', selector varchar(63) NOT NULL DEFAULT 'default', private_key text, public_key text
);
CREATE TABLE dkim_signing (
  id integer PRIMARY KEY AUTOINCREMENT, author varchar(255) NOT NULL DEFAULT '', dkim_id integer NOT NULL
);
