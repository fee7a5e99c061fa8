-- Tables of Virtual Exim 2 in PostgreSQL.
CREATE TABLE domains (
  domain_id serial PRIMARY KEY,
  domain varchar(255) NOT NULL DEFAULT '' UNIQUE,
  maildir varchar(4096) NOT NULL DEFAULT '',
  uid integer NOT NULL DEFAULT 65534 CHECK (uid BETWEEN 1 AND 65535),
  gid integer NOT NULL DEFAULT 65534 CHECK (gid BETWEEN 1 AND 65535),
  max_accounts integer NOT NULL DEFAULT 0,
  quotas integer NOT NULL DEFAULT 0,
  type varchar(5) DEFAULT NULL,
  avscan smallint NOT NULL DEFAULT 0 CHECK (avscan BETWEEN 0 AND 1),
  blocklists smallint NOT NULL DEFAULT 0 CHECK (blocklists BETWEEN 0 AND 1),
  enabled smallint NOT NULL DEFAULT 1 CHECK (enabled BETWEEN 0 AND 1),
  mailinglists smallint NOT NULL DEFAULT 0 CHECK (mailinglists BETWEEN 0 AND 1),
  maxmsgsize integer NOT NULL DEFAULT 0,
  pipe smallint NOT NULL DEFAULT 0 CHECK (pipe BETWEEN 0 AND 1),
  spamassassin smallint NOT NULL DEFAULT 0 CHECK (spamassassin BETWEEN 0 AND 1),
  sa_tag integer NOT NULL DEFAULT 0,
  sa_refuse integer NOT NULL DEFAULT 0
);
CREATE TABLE users (
  user_id serial PRIMARY KEY,
  domain_id integer NOT NULL REFERENCES domains (domain_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  localpart varchar(64) NOT NULL,
  username varchar(255) NOT NULL DEFAULT '',
  crypt varchar(255) DEFAULT NULL,
  uid integer NOT NULL DEFAULT 65534 CHECK (uid BETWEEN 1 AND 65535),
  gid integer NOT NULL DEFAULT 65534 CHECK (gid BETWEEN 1 AND 65535),
  smtp varchar(4096) DEFAULT NULL,
  pop varchar(4096) DEFAULT NULL,
  type varchar(8) NOT NULL CHECK (type IN ('local', 'alias', 'catch', 'fail', 'piped', 'admin', 'site')),
  admin smallint NOT NULL DEFAULT 0 CHECK (admin BETWEEN 0 AND 1),
  on_avscan smallint NOT NULL DEFAULT 0 CHECK (on_avscan BETWEEN 0 AND 1),
  on_blocklist smallint NOT NULL DEFAULT 0 CHECK (on_blocklist BETWEEN 0 AND 1),
  on_forward smallint NOT NULL DEFAULT 0 CHECK (on_forward BETWEEN 0 AND 1),
  on_piped smallint NOT NULL DEFAULT 0 CHECK (on_piped BETWEEN 0 AND 1),
  on_spamassassin smallint NOT NULL DEFAULT 0 CHECK (on_spamassassin BETWEEN 0 AND 1),
  on_vacation smallint NOT NULL DEFAULT 0 CHECK (on_vacation BETWEEN 0 AND 1),
  spam_drop smallint NOT NULL DEFAULT 0 CHECK (spam_drop BETWEEN 0 AND 1),
  enabled smallint NOT NULL DEFAULT 1 CHECK (enabled BETWEEN 0 AND 1),
  flags varchar(16) DEFAULT NULL,
  forward varchar(4096) DEFAULT NULL,
  unseen smallint NOT NULL DEFAULT 0 CHECK (unseen BETWEEN 0 AND 1),
  maxmsgsize integer NOT NULL DEFAULT 0,
  quota integer NOT NULL DEFAULT 0,
  realname varchar(255) DEFAULT NULL,
  sa_tag integer NOT NULL DEFAULT 0,
  sa_refuse integer NOT NULL DEFAULT 0,
  tagline varchar(255) DEFAULT NULL,
  vacation text DEFAULT NULL,
  UNIQUE (localpart, domain_id)
);
CREATE TABLE blocklists (
  block_id serial PRIMARY KEY,
  domain_id integer NOT NULL REFERENCES domains (domain_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  user_id integer NOT NULL REFERENCES users (user_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  blockhdr varchar(192) NOT NULL DEFAULT '',
  blockval varchar(255) NOT NULL DEFAULT '',
  color varchar(8) NOT NULL DEFAULT ''
);
CREATE TABLE domainalias (
  domain_id integer NOT NULL REFERENCES domains (domain_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  alias varchar(255) PRIMARY KEY
);
CREATE TABLE groups (
  id serial PRIMARY KEY,
  domain_id integer NOT NULL REFERENCES domains (domain_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  name varchar(64) NOT NULL,
  is_public char(1) NOT NULL DEFAULT 'Y' CHECK (is_public IN ('Y', 'N')),
  enabled smallint NOT NULL DEFAULT 1 CHECK (enabled BETWEEN 0 AND 1),
  UNIQUE (domain_id, name)
);
CREATE TABLE group_contents (
  group_id integer NOT NULL REFERENCES groups (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  member_id integer NOT NULL REFERENCES users (user_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  PRIMARY KEY (group_id, member_id)
);
