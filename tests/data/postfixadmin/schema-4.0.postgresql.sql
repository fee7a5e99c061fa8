-- Tables of PostfixAdmin 4.0 in PostgreSQL.
CREATE TABLE config (id serial PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, value varchar(20) NOT NULL);
INSERT INTO config (name, value) VALUES ('version', '1851');

CREATE TABLE domain (
  domain varchar(255) PRIMARY KEY,
  description varchar(255) NOT NULL DEFAULT '',
  aliases integer NOT NULL DEFAULT 0,
  mailboxes integer NOT NULL DEFAULT 0,
  maxquota bigint NOT NULL DEFAULT 0,
  quota bigint NOT NULL DEFAULT 0,
  transport varchar(255) DEFAULT NULL,
  backupmx boolean NOT NULL DEFAULT false,
  created timestamptz DEFAULT now(),
  modified timestamptz DEFAULT now(),
  active boolean NOT NULL DEFAULT true,
  password_expiry integer DEFAULT 0
);
CREATE TABLE admin (
  username varchar(255) PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  created timestamptz DEFAULT now(),
  modified timestamptz DEFAULT now(),
  active boolean NOT NULL DEFAULT true,
  superadmin boolean NOT NULL DEFAULT false,
  phone varchar(30) NOT NULL DEFAULT '',
  email_other varchar(255) NOT NULL DEFAULT '',
  token varchar(255) NOT NULL DEFAULT '',
  token_validity timestamptz DEFAULT '2000-01-01 00:00:00+00',
  totp_secret varchar(255) DEFAULT NULL
);
CREATE TABLE domain_admins (
  id serial PRIMARY KEY,
  username varchar(255) NOT NULL,
  domain varchar(255) NOT NULL REFERENCES domain (domain),
  created timestamptz DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);
CREATE TABLE mailbox (
  username varchar(255) PRIMARY KEY,
  password varchar(255) NOT NULL DEFAULT '',
  name varchar(255) NOT NULL DEFAULT '',
  maildir varchar(255) NOT NULL DEFAULT '',
  quota bigint NOT NULL DEFAULT 0,
  created timestamptz DEFAULT now(),
  modified timestamptz DEFAULT now(),
  active boolean NOT NULL DEFAULT true,
  domain varchar(255) REFERENCES domain (domain),
  local_part varchar(255) NOT NULL,
  phone varchar(30) NOT NULL DEFAULT '',
  email_other varchar(255) NOT NULL DEFAULT '',
  token varchar(255) NOT NULL DEFAULT '',
  token_validity timestamptz DEFAULT '2000-01-01 00:00:00+00',
  password_expiry timestamptz DEFAULT '2000-01-01 00:00:00+00',
  totp_secret varchar(255) DEFAULT NULL,
  smtp_active boolean NOT NULL DEFAULT true
);
CREATE INDEX mailbox_username_active ON mailbox (username, active);
CREATE TABLE alias (
  address varchar(255) PRIMARY KEY,
  goto text NOT NULL,
  domain varchar(255) NOT NULL REFERENCES domain (domain),
  created timestamptz DEFAULT now(),
  modified timestamptz DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);
CREATE INDEX alias_address_active ON alias (address, active);
CREATE TABLE alias_domain (
  alias_domain varchar(255) PRIMARY KEY REFERENCES domain (domain) ON DELETE CASCADE,
  target_domain varchar(255) NOT NULL REFERENCES domain (domain) ON DELETE CASCADE,
  created timestamptz DEFAULT now(),
  modified timestamptz DEFAULT now(),
  active boolean NOT NULL DEFAULT true
);
CREATE TABLE vacation (
  email varchar(255) PRIMARY KEY,
  subject varchar(255) NOT NULL,
  body text NOT NULL DEFAULT '',
  created timestamptz DEFAULT now(),
  modified timestamptz DEFAULT now(),
  active boolean NOT NULL DEFAULT true,
  domain varchar(255) REFERENCES domain (domain),
  activefrom timestamptz DEFAULT '2000-01-01 00:00:00+00',
  activeuntil timestamptz DEFAULT '2038-01-18 00:00:00+00',
  interval_time integer NOT NULL DEFAULT 0
);
CREATE TABLE vacation_notification (
  on_vacation varchar(255) NOT NULL REFERENCES vacation (email) ON DELETE CASCADE,
  notified varchar(255) NOT NULL,
  notified_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (on_vacation, notified)
);
CREATE TABLE quota (
  username varchar(255) NOT NULL, path varchar(100) NOT NULL, current bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (username, path)
);
CREATE TABLE quota2 (username varchar(100) PRIMARY KEY, bytes bigint NOT NULL DEFAULT 0, messages integer NOT NULL DEFAULT 0);
CREATE TABLE fetchmail (
  id serial PRIMARY KEY,
  domain varchar(255) DEFAULT '',
  mailbox varchar(255) NOT NULL DEFAULT '',
  src_server varchar(255) NOT NULL DEFAULT '',
  src_auth varchar(15) NOT NULL,
  src_user varchar(255) NOT NULL DEFAULT '',
  src_password varchar(255) NOT NULL DEFAULT '',
  src_folder varchar(255) NOT NULL DEFAULT '',
  poll_time integer NOT NULL DEFAULT 10,
  fetchall boolean NOT NULL DEFAULT false,
  keep boolean NOT NULL DEFAULT false,
  protocol varchar(15) NOT NULL,
  usessl boolean NOT NULL DEFAULT false,
  active boolean NOT NULL DEFAULT false
);
CREATE TABLE log (
  id serial PRIMARY KEY,
  "timestamp" timestamptz DEFAULT now(),
  username varchar(255) NOT NULL DEFAULT '',
  domain varchar(255) NOT NULL DEFAULT '',
  action varchar(255) NOT NULL DEFAULT '',
  data text NOT NULL DEFAULT ''
);
CREATE TABLE mailbox_app_password (
  id serial PRIMARY KEY, username varchar(255) DEFAULT NULL, description varchar(255) DEFAULT NULL,
  password_hash varchar(255) DEFAULT NULL
);
CREATE TABLE totp_exception_address (
  id serial PRIMARY KEY, ip varchar(46) NOT NULL, username varchar(255) DEFAULT NULL, description varchar(255) DEFAULT NULL
);
CREATE TABLE dkim (
  id serial PRIMARY KEY, domain_name varchar(255) NOT NULL REFERENCES domain (domain) ON DELETE CASCADE,
  description varchar(255) DEFAULT '', selector varchar(63) NOT NULL DEFAULT 'default', private_key text, public_key text
);
CREATE TABLE dkim_signing (
  id serial PRIMARY KEY, author varchar(255) NOT NULL DEFAULT '', dkim_id integer NOT NULL REFERENCES dkim (id) ON DELETE CASCADE
);
